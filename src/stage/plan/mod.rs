//! Plan: reads the source, maps its rows to contacts, and writes the chunks and then the manifest. It is the only stage
//! that knows formats and mappings. The docs of `prepare` list the passes over the source and the memory use.
//!
//! A follow-up run is planned from the written objects of an earlier run: [`undo()`] from its chunks, its outcomes
//! and the snapshot, [`replay()`] from its chunks and outcomes. Neither reads the source.

mod before;
mod chunk_size;
mod error;
mod follow_up;
mod manifest;
mod pending;
mod prepare;
#[cfg(feature = "cli")]
mod preview;
mod read;
mod removal_parts;
mod replay;
mod request;
mod revise;
mod segment_tags;
mod steps;
mod stored;
mod undo;

#[cfg(feature = "cli")]
pub use self::preview::{Fate, LeftOut, PreviewedRow, preview};
pub use self::{
    error::{PlanError, SnapshotDefect},
    follow_up::FollowUp,
    prepare::PrepareError,
    replay::replay,
    request::Request,
    steps::plan,
    undo::undo,
};
