//! A stream whose first bytes can be looked at before they are read.

use std::io::{self, Cursor, Read};

/// A stream with its beginning in memory until it is read.
#[derive(Debug)]
pub(super) struct Peeked<R> {
    first: Cursor<Vec<u8>>,
    /// Whether the beginning is all there is.
    whole: bool,
    /// What stopped the stream within its beginning, until the beginning was read.
    stopped: Option<io::Error>,
    rest: R,
}

impl<R: Read> Peeked<R> {
    /// Reads the first `bytes` of a stream ahead, or all there are.
    pub(super) fn new(mut rest: R, bytes: usize) -> Self {
        let mut first = Vec::new();
        let read = rest.by_ref().take(bytes as u64).read_to_end(&mut first);
        Self {
            whole: read.is_ok() && first.len() < bytes,
            stopped: read.err(),
            first: Cursor::new(first),
            rest,
        }
    }

    /// The first bytes, of those that were not read yet.
    pub(super) fn first(&self) -> &[u8] {
        let from = usize::try_from(self.first.position()).unwrap_or(usize::MAX);
        self.first.get_ref().get(from..).unwrap_or_default()
    }

    /// What stopped the stream within its first bytes.
    pub(super) fn take_stopped(&mut self) -> Option<io::Error> {
        self.stopped.take()
    }

    /// Whether the stream has no more than its first bytes.
    pub(super) fn is_whole(&self) -> bool {
        self.whole
    }

    /// Passes over bytes at the beginning.
    pub(super) fn skip(&mut self, bytes: usize) {
        self.first.set_position(self.first.position().saturating_add(bytes as u64));
    }
}

impl<R: Read> Read for Peeked<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = self.first.read(out)?;
        if n > 0 || out.is_empty() {
            return Ok(n);
        }
        // What was read ahead is not needed again.
        *self.first.get_mut() = Vec::new();
        match self.stopped.take() {
            Some(error) => Err(error),
            None if self.whole => Ok(0),
            None => self.rest.read(out),
        }
    }
}
