//! What stops a stream on its way to the rows. It travels inside an [`io::Error`], to whoever knows the line.

use std::io;

use crate::{
    charset::Charset,
    error::{Flaw, SourceError},
    reading::Compression,
};

/// Why a stream of bytes or text ends where it should not.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    /// A row goes on for too long.
    #[error("the row is too long")]
    RowTooLong,
    /// Packed bytes that cannot be unpacked.
    #[error("{0:?} cannot be unpacked")]
    Packed(Compression, Flaw, u64),
    /// Bytes that the file's encoding does not have.
    #[error("not {1}")]
    Undecodable(u64, Charset),
    /// UTF-8 in a file that is in another encoding.
    #[error("UTF-8 within {1}")]
    Utf8Within(u64, Charset),
}

impl From<Fault> for io::Error {
    fn from(fault: Fault) -> Self {
        Self::other(fault)
    }
}

impl SourceError {
    /// Of a stream that stopped while the row at `line` was read.
    pub(super) fn stopped(error: io::Error, line: u64) -> Self {
        match error.downcast::<Fault>() {
            Ok(Fault::RowTooLong) => Self::RowTooLong { line },
            Ok(Fault::Packed(compression, flaw, bytes)) => Self::Packed { line, compression, flaw, bytes },
            Ok(Fault::Undecodable(line, charset)) => Self::Undecodable { line, charset },
            Ok(Fault::Utf8Within(line, charset)) => Self::Utf8Within { line, charset },
            Err(source) => Self::Read { line, source },
        }
    }
}
