//! A run's life: what starts it, resumes it, follows up on it and ends it.
//!
//! | file | what it does |
//! |---|---|
//! | `request` | a run that is asked for: its connection, export, trigger and options |
//! | `drops` | an event about objects: which exports read them, and which runs to start |
//! | `schedule` | a schedule: which runs to start |
//! | `start` | plans a run and sends its messages |
//! | `resume` | an interrupted run: resumes it, or cancels it if its source changed |
//! | `park` | holds a run until a person resumes it |
//! | `cancel`, `undo`, `replay` | what a person asks for |
//! | `late` | drops whose event was lost |
//! | `sweep` | the 5-minute schedule: resumes forgotten runs, starts late drops |
//! | `enqueue`, `attempt` | a run's messages, and how a repetition is told from a duplicate |

mod attempt;
mod cancel;
mod drops;
mod enqueue;
mod late;
mod park;
mod replay;
mod request;
mod resume;
mod schedule;
mod start;
mod sweep;
mod undo;

pub use self::{
    replay::Replayed,
    request::{RunOptions, RunRequest, RunRequests},
    resume::Unfinished,
    start::Started,
    sweep::Swept,
};
