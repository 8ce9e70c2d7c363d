//! The error of a byte or text stream. It travels inside an [`io::Error`] to the reader of rows, which knows the line.

use std::io;

use crate::error::{Defect, ReadError};

/// Why a stream ended early.
#[derive(Debug, thiserror::Error)]
#[error("{defect}")]
pub(crate) struct StreamError {
    /// The line, if the stream knows it better than the reader of rows.
    pub line: Option<u64>,
    #[source]
    pub defect: Defect,
}

impl From<StreamError> for io::Error {
    fn from(error: StreamError) -> Self {
        Self::other(error)
    }
}

impl ReadError {
    /// Converts the error of a stream that stopped while the row at `line` was read.
    pub(crate) fn stopped(error: io::Error, line: u64) -> Self {
        match error.downcast::<StreamError>() {
            Ok(error) => error.defect.at(error.line.unwrap_or(line)),
            Err(source) => Defect::Io(source).at(line),
        }
    }
}
