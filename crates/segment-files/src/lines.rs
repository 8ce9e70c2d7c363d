//! The lines of a text. The memory is bounded by the longest row.

use std::{io::Read, ops::Range};

use crate::{
    error::{Defect, ReadError},
    peeked::Peeked,
    row::MAX_ROW_BYTES,
};

/// By how much the buffer grows.
const PIECE_BYTES: usize = 256 << 10;

/// The lines of a text.
pub(crate) struct Lines {
    text: Peeked,
    buffer: Vec<u8>,
    /// Unread bytes are at `from..to`.
    from: usize,
    to: usize,
    line: u64,
    /// Where the last line is.
    last: Range<usize>,
    ended: bool,
}

impl Lines {
    pub(crate) fn new(text: Peeked) -> Self {
        Self { text, buffer: vec![0; PIECE_BYTES], from: 0, to: 0, line: 0, last: 0..0, ended: false }
    }

    /// Returns the number of the last line, counted from 1.
    pub(crate) fn number(&self) -> u64 {
        self.line
    }

    /// Returns the last line again.
    pub(crate) fn last(&self) -> &[u8] {
        self.buffer.get(self.last.clone()).unwrap_or_default()
    }

    /// Returns the next line, without its line end.
    pub(crate) fn next(&mut self) -> Result<Option<&[u8]>, ReadError> {
        self.line += 1;
        let mut searched = self.from;
        let end = loop {
            let unsearched = self.buffer.get(searched..self.to).unwrap_or_default();
            if let Some(at) = memchr::memchr(b'\n', unsearched) {
                break searched + at;
            }
            if self.ended {
                if self.from == self.to {
                    return Ok(None);
                }
                break self.to;
            }
            searched = self.to - self.from;
            self.read_more()?;
        };
        let crlf = self.buffer.get(self.from..end).is_some_and(|line| line.ends_with(b"\r"));
        self.last = self.from..end - usize::from(crlf);
        self.from = self.to.min(end + 1);
        Ok(Some(self.last()))
    }

    /// Moves the unread bytes to the front of the buffer and reads more after them.
    fn read_more(&mut self) -> Result<(), ReadError> {
        if self.to - self.from > MAX_ROW_BYTES {
            return Err(Defect::RowTooLong.at(self.line));
        }
        self.buffer.copy_within(self.from..self.to, 0);
        (self.from, self.to) = (0, self.to - self.from);
        if self.buffer.len() - self.to < PIECE_BYTES / 2 {
            self.buffer.resize(self.buffer.len() + PIECE_BYTES, 0);
        }
        let room = self.buffer.get_mut(self.to..).unwrap_or_default();
        let n = self.text.read(room).map_err(|error| ReadError::stopped(error, self.line))?;
        self.to += n;
        self.ended = n == 0;
        Ok(())
    }
}
