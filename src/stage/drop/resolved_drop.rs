//! A resolved drop of one segment.

use crate::{
    config::Segment,
    keys::{Location, Pinned},
};
use segment_files::ReadOptions;

/// The newest complete drop of a segment, with the exact version of each object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    pub segment: Segment,
    /// The object that triggers a run of this drop: the file itself, or the marker or list that completed the drop.
    pub completed_by: Pinned,
    /// The files to read, in order.
    pub parts: Vec<Part>,
    /// Newer files that were skipped because they hold rejects.
    pub passed_over: Vec<Location>,
}

/// One file of a drop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    pub object: Pinned,
    pub reading: ReadOptions,
}

impl Source {
    /// Whether an object belongs to this drop.
    pub fn has(&self, object: &Location) -> bool {
        self.completed_by.location == *object || self.parts.iter().any(|part| part.object.location == *object)
    }
}
