//! A stream whose first bytes can be peeked at before they are read.

use std::io::{self, Cursor, Read};

use crate::file::ByteStream;

/// A stream with its first bytes in memory until they are read.
pub(crate) struct Peeked {
    first: Cursor<Vec<u8>>,
    is_whole: bool,
    /// The error that ended the stream within its first bytes.
    error: Option<io::Error>,
    rest: ByteStream,
}

impl Peeked {
    /// Reads the first `bytes` of a stream ahead, or all of it if it is shorter.
    pub(crate) fn new(mut rest: ByteStream, bytes: usize) -> Self {
        let mut first = Vec::new();
        let read = rest.by_ref().take(bytes as u64).read_to_end(&mut first);
        Self {
            is_whole: read.is_ok() && first.len() < bytes,
            error: read.err(),
            first: Cursor::new(first),
            rest,
        }
    }

    /// Returns the part of the first bytes that is not read yet.
    pub(crate) fn first(&self) -> &[u8] {
        let from = usize::try_from(self.first.position()).unwrap_or(usize::MAX);
        self.first.get_ref().get(from..).unwrap_or_default()
    }

    /// Takes the error that ended the stream within its first bytes.
    pub(crate) fn take_error(&mut self) -> Option<io::Error> {
        self.error.take()
    }

    /// Returns whether the stream has no more than its first bytes.
    pub(crate) fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// Skips some of the first bytes.
    pub(crate) fn skip(&mut self, bytes: usize) {
        self.first.set_position(self.first.position().saturating_add(bytes as u64));
    }
}

impl Read for Peeked {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = self.first.read(out)?;
        if n > 0 || out.is_empty() {
            return Ok(n);
        }
        // Frees the memory of the first bytes.
        *self.first.get_mut() = Vec::new();
        match self.error.take() {
            Some(error) => Err(error),
            None if self.is_whole => Ok(0),
            None => self.rest.read(out),
        }
    }
}
