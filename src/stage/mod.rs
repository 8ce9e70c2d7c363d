//! The stages of a run: plan, upload, settle. Each takes a value and returns a value; what crosses from one to
//! the next is a written object and a small message that names it. Stages do not call each other.

pub mod canary;
mod chunk;
mod context;
pub mod halt;
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
pub use progress::{Notice, Observer, Quiet};
pub use records::{Defect, RecordError, Records};
pub use runs::{Standing, runs};
