//! The application: every operation on connections, exports and runs, over one set of ports.
//!
//! `runs` owns a run's life, from the event that starts it to undo and replay. `messages` does the work of a run,
//! one queue message at a time. The command line and the Lambda only translate input and output.

mod application;
mod connection;
mod error;
mod messages;
#[cfg(feature = "cli")]
mod preview;
mod runs;
mod status;

#[cfg(feature = "cli")]
pub use self::preview::{Fate, LeftOut, PreviewedRow, largest_file, preview};
pub use self::{
    application::App,
    connection::{Permission, Tested, TestedBatch, TestedBrand, TestedTags},
    error::{AppError, ReplayRefusal, UndoRefusal},
    messages::{Ended, Handled},
    runs::{Replayed, RunOptions, RunRequest, RunRequests, Started, Swept, Unfinished},
    status::{RefusedStatus, RunStatus, Status, status},
};
