//! Errors of a byte or text stream. They travel inside an [`io::Error`] to the reader of rows, which knows the line.

use std::io;

use crate::{
    charset::Charset,
    error::{DecompressionFailure, ReadError},
    options::Compression,
};

/// Why a stream ends before its end.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StreamError {
    #[error("the row is too long")]
    RowTooLong,
    /// After so many bytes of the compressed file.
    #[error("{0:?} cannot be decompressed: {1:?}")]
    Decompress(Compression, DecompressionFailure, u64),
    /// The line, and the encoding that its bytes are invalid in.
    #[error("not valid {1}")]
    Undecodable(u64, Charset),
    /// The line that is UTF-8, and the encoding of the file.
    #[error("UTF-8 within {1}")]
    Utf8Within(u64, Charset),
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
            Ok(StreamError::RowTooLong) => Self::RowTooLong { line },
            Ok(StreamError::Decompress(compression, failure, bytes)) => {
                Self::Decompress { line, compression, failure, bytes }
            }
            Ok(StreamError::Undecodable(line, charset)) => Self::Undecodable { line, charset },
            Ok(StreamError::Utf8Within(line, charset)) => Self::Utf8Within { line, charset },
            Err(source) => Self::Io { line, source },
        }
    }
}
