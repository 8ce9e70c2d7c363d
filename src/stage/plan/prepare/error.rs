//! Why rows could not be prepared.

use crate::{
    config::where_to_set,
    contact::ProgramError,
    source::{HeadersDiffer, SourceError},
};

/// Why the loop stopped.
#[derive(Debug, thiserror::Error)]
pub enum PrepareError {
    /// The file is refused.
    #[error("{}{}", .0, where_to_set(.0.setting()))]
    Source(#[from] SourceError),
    /// Its columns are not those of another file of the drop.
    #[error("its columns are not those of the first file: {differs}")]
    Headers {
        /// The other file, counted from 0.
        first: usize,
        /// How they differ.
        differs: HeadersDiffer,
    },
    /// A template or the filter cannot be read.
    #[error(transparent)]
    Program(Box<ProgramError>),
    /// The snapshot's list of members cannot be read.
    #[error("the export's list of members cannot be read: {0}")]
    Snapshot(#[source] std::io::Error),
    /// A line could not be written or compressed.
    #[error("could not prepare a chunk: {0}")]
    Write(#[from] std::io::Error),
    /// The other side has stopped.
    #[error("the plan was stopped")]
    Stopped,
}

impl From<ProgramError> for PrepareError {
    fn from(error: ProgramError) -> Self {
        Self::Program(Box::new(error))
    }
}
