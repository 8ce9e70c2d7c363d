//! The lines of a text, in flat memory.

use std::io::Read;

use crate::{decompress::Unpacked, error::SourceError, peeked::Peeked, row::MAX_ROW_BYTES};

/// How much is read at once.
const PIECE_BYTES: usize = 256 << 10;

/// The lines of a text.
pub(super) struct Lines<'f> {
    text: Peeked<Unpacked<'f>>,
    buffer: Vec<u8>,
    /// What of the buffer was not handed out yet.
    from: usize,
    to: usize,
    line: u64,
    /// The line that was handed out last.
    last: std::ops::Range<usize>,
    ended: bool,
}

impl<'f> Lines<'f> {
    pub(super) fn new(text: Peeked<Unpacked<'f>>) -> Self {
        Self { text, buffer: vec![0; PIECE_BYTES], from: 0, to: 0, line: 0, last: 0..0, ended: false }
    }

    /// Where the line stands that was handed out last, counted from 1.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    /// The line that was handed out last.
    pub(super) fn last(&self) -> &[u8] {
        self.buffer.get(self.last.clone()).unwrap_or_default()
    }

    /// The next line, without its end.
    pub(super) fn next(&mut self) -> Result<Option<&[u8]>, SourceError> {
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

    /// Moves what is there to the beginning, and reads more behind it.
    fn read_more(&mut self) -> Result<(), SourceError> {
        if self.to - self.from > MAX_ROW_BYTES {
            return Err(SourceError::RowTooLong { line: self.line });
        }
        self.buffer.copy_within(self.from..self.to, 0);
        (self.from, self.to) = (0, self.to - self.from);
        if self.buffer.len() - self.to < PIECE_BYTES / 2 {
            self.buffer.resize(self.buffer.len() + PIECE_BYTES, 0);
        }
        let room = self.buffer.get_mut(self.to..).unwrap_or_default();
        let n = self.text.read(room).map_err(|error| SourceError::stopped(error, self.line))?;
        self.to += n;
        self.ended = n == 0;
        Ok(())
    }
}
