//! Why rows could not be prepared.

use std::io;

use crate::{config::where_to_set, contact::ProgramError};
use segment_files::{HeadersDiffer, ReadError};

/// Why the preparation stopped.
#[derive(Debug, thiserror::Error)]
pub enum PrepareError {
    #[error("{}{}", .0, where_to_set(.0.setting()))]
    Source(#[from] ReadError),
    #[error("its columns differ from those of the first file: {differs}")]
    Headers {
        /// The index of the other file.
        first: usize,
        differs: HeadersDiffer,
    },
    /// A template or the filter of the mapping is invalid.
    #[error(transparent)]
    Program(Box<ProgramError>),
    #[error("the export's list of members cannot be read: {0}")]
    Snapshot(#[source] io::Error),
    #[error("a chunk could not be written: {0}")]
    Write(#[from] io::Error),
    /// The async side no longer receives objects.
    #[error("the plan was stopped")]
    Stopped,
}

impl From<ProgramError> for PrepareError {
    fn from(error: ProgramError) -> Self {
        Self::Program(Box::new(error))
    }
}

/// An error with the file that it is about.
#[derive(Debug)]
pub(in crate::stage::plan) struct FileError {
    /// The index of the file; `None` if the error is about no file.
    pub file: Option<usize>,
    pub error: PrepareError,
}

impl FileError {
    pub(super) fn of(file: usize, error: PrepareError) -> Self {
        Self { file: Some(file), error }
    }
}

impl From<PrepareError> for FileError {
    fn from(error: PrepareError) -> Self {
        Self { file: None, error }
    }
}
