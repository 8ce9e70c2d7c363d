//! The identity of a chunk.

use crate::keys::RunRef;

/// A chunk of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChunkRef {
    pub run: RunRef,
    /// The chunk's number, counted from 0.
    pub chunk: u32,
}

impl ChunkRef {
    pub fn of(run: &RunRef, chunk: u32) -> Self {
        Self { run: run.clone(), chunk }
    }
}
