//! A segment's file as a reader on a thread of its own sees it: a stream of bytes, and any range of them.

use std::{
    fmt,
    io::{self, Read},
    ops::Range,
    sync::Arc,
};

use bytes::Bytes;

/// A file that is read. Its methods block.
pub trait File: fmt::Debug + Send + Sync {
    /// Its size in bytes.
    fn size(&self) -> u64;

    /// Its bytes from the first to the last.
    fn stream(&self) -> io::Result<Box<dyn Read + Send>>;

    /// Some of its bytes: all that were asked for, or an error.
    fn range(&self, range: Range<u64>) -> io::Result<Bytes>;

    /// The same file, to keep.
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
        let end = || io::Error::from(io::ErrorKind::UnexpectedEof);
        let (from, to) = (usize::try_from(range.start), usize::try_from(range.end));
        match (from, to) {
            (Ok(from), Ok(to)) if from <= to && to <= self.len() => Ok(self.slice(from..to)),
            _ => Err(end()),
        }
    }
}
