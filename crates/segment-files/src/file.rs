//! A file as the readers see it: a stream of bytes, and any range of them.

use std::{
    fmt,
    io::{self, Read},
    ops::Range,
    sync::Arc,
};

use bytes::Bytes;

/// The bytes of a file, in order.
pub(crate) type ByteStream = Box<dyn Read + Send>;

/// A file that can be read. Its methods block.
///
/// `Bytes` implements it for files in memory.
pub trait File: fmt::Debug + Send + Sync {
    /// Returns the size in bytes.
    fn size(&self) -> u64;

    /// Opens a stream of all bytes, from the first to the last.
    fn stream(&self) -> io::Result<Box<dyn Read + Send>>;

    /// Returns exactly the bytes of `range`, or an error.
    fn range(&self, range: Range<u64>) -> io::Result<Bytes>;

    /// Returns an owned handle to the same file.
    fn handle(&self) -> Arc<dyn File>;
}

impl File for Bytes {
    fn size(&self) -> u64 {
        self.len() as u64
    }

    fn stream(&self) -> io::Result<Box<dyn Read + Send>> {
        Ok(Box::new(io::Cursor::new(self.clone())))
    }

    fn handle(&self) -> Arc<dyn File> {
        Arc::new(self.clone())
    }

    fn range(&self, range: Range<u64>) -> io::Result<Bytes> {
        match (usize::try_from(range.start), usize::try_from(range.end)) {
            (Ok(from), Ok(to)) if from <= to && to <= self.len() => Ok(self.slice(from..to)),
            _ => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }
}
