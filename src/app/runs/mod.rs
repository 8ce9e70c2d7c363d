//! A run's life: starting, resuming, following up and ending.
//!
//! | file | what it does |
//! |---|---|
//! | `request` | requests for runs, from a person or a schedule |
//! | `drops` | created objects: which exports read them, and which runs to start; late drops |
//! | `start` | plans a run and sends its messages |
//! | `resume` | resumes an interrupted run, or cancels it if its source or its export changed |
//! | `park` | holds a run until a person resumes it |
//! | `cancel`, `undo`, `replay` | what a person can do with a run |
//! | `sweep` | the 5-minute schedule: resumes forgotten runs, starts late drops |
//! | `attempt` | sends a run's messages, for the first time or again |

mod attempt;
mod cancel;
mod drops;
mod park;
mod replay;
mod request;
mod resume;
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
