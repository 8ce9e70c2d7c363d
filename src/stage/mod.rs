//! The stages of a run. A stage passes its results to the next one as stored objects, and a small message names those.
//! Stages do not call each other.
//!
//! Each subfolder except `drop` and `people`, and `segment.rs`, is a stage. The rest is shared between stages.

pub mod canary;
mod chunk;
mod context;
pub mod drop;
mod ending;
mod enqueue;
mod field_path;
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

pub use context::StageContext;
pub use ending::{Ended, StageError};
pub use enqueue::{EnqueueError, enqueue, enqueue_settlement};
pub(crate) use object_file::ObjectFile;
pub use progress::{Notice, Observer, Quiet};
pub use records::{Defect, RecordError, Records};
pub use runs::{RunObjects, runs};
