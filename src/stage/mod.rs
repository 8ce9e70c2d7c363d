//! The stages of a run: plan, upload, settle, report. Each takes a value and returns a value. Between two stages there
//! is only a written object and a small message that names it: stages do not call each other.

pub mod canary;
pub mod drop;
mod enqueue;
pub mod halt;
mod object_file;
mod people;
pub mod plan;
mod progress;
mod records;
pub mod report;
mod runs;
pub mod segment;
pub mod settle;
pub mod snapshot;
pub mod tag;
pub mod upload;

pub use enqueue::{EnqueueError, enqueue, enqueue_settlement};
pub(crate) use object_file::ObjectFile;
pub use progress::{Notice, Observer, Quiet};
pub use records::{RecordError, Records};
pub use runs::{RunObjects, runs};
