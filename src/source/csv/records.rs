//! A CSV file's records as bytes: what the parser makes of them, and what it does not tell.
//!
//! The parser takes any bytes for CSV. So each record is looked at again as it stands in the file: whether its quotes are
//! closed, and whether a cell ends with its closing quote.

use std::io::{self, Read};

use csv_core::ReadRecordResult;

use super::MAX_ROW_BYTES;
use crate::source::fault::Fault;

/// How much is read at once, in bytes.
const BUFFER_BYTES: usize = 256 << 10;

/// Room for the text and the cells of most records; others get more.
const TEXT_BYTES: usize = 256;
const CELLS: usize = 32;

/// The records of a stream.
pub(super) struct Records<R> {
    stream: R,
    parser: csv_core::Reader,
    delimiter: u8,
    /// From `begin` to `at` the record that was read last, from there to `filled` what comes after it.
    buffer: Vec<u8>,
    begin: usize,
    at: usize,
    filled: usize,
    ended: bool,
    /// The line that the byte at `at` is on.
    line: u64,
    /// Lines before it that the parser could not see.
    unseen_lines: u64,
    /// The line that the last record begins on.
    record_line: u64,
}

/// What is wrong with a record's quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum QuoteFlaw {
    /// One is not closed.
    Unclosed,
    /// Something stands between a closing quote and the delimiter.
    After,
    /// One of these, where a backslash stands before a quote: it was meant to be part of the cell.
    Escaped,
}

impl<R: Read> Records<R> {
    pub(super) fn new(stream: R, delimiter: u8) -> Self {
        Self {
            stream,
            parser: csv_core::ReaderBuilder::new().delimiter(delimiter).build(),
            delimiter,
            buffer: vec![0; BUFFER_BYTES],
            begin: 0,
            at: 0,
            filled: 0,
            ended: false,
            line: 1,
            unseen_lines: 0,
            record_line: 1,
        }
    }

    /// Reads the next record: its text without what separates its cells, and where in it each cell ends. `false` at the
    /// end.
    pub(super) fn read(&mut self, text: &mut Vec<u8>, ends: &mut Vec<usize>) -> io::Result<bool> {
        self.begin = self.at;
        text.clear();
        text.resize(TEXT_BYTES, 0);
        ends.clear();
        ends.resize(CELLS, 0);
        let (mut written, mut cells) = (0, 0);
        let is_there = loop {
            if self.at == self.filled && !self.ended {
                self.fill()?;
            }
            // Without input it takes what there is for all there will be.
            let input = self.buffer.get(self.at..self.filled).unwrap_or_default();
            let (result, read, wrote, ended) = self.parser.read_record(
                input,
                text.get_mut(written..).unwrap_or_default(),
                ends.get_mut(cells..).unwrap_or_default(),
            );
            self.at += read;
            written += wrote;
            cells += ended;
            match result {
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull => text.resize(text.len() * 2, 0),
                ReadRecordResult::OutputEndsFull => ends.resize(ends.len() * 2, 0),
                ReadRecordResult::Record => break true,
                ReadRecordResult::End => break false,
            }
        };
        text.truncate(written);
        ends.truncate(cells);
        self.record_line = self.begins_on();
        self.line = self.parser.line() + self.unseen_lines;
        Ok(is_there)
    }

    /// The line that the record begins on which was read last, counted from 1.
    pub(super) fn record_line(&self) -> u64 {
        self.record_line
    }

    /// Counts lines that the last record has and nobody could see.
    pub(super) fn pass_lines(&mut self, lines: u64) {
        self.unseen_lines += lines;
        self.line += lines;
    }

    /// What is wrong with the quotes of the record that was read last.
    #[inline]
    pub(super) fn flaw(&self) -> Option<QuoteFlaw> {
        // Few records have any.
        memchr::memchr(b'"', self.raw()).and_then(|_| flaw(without_breaks(self.raw()).1, self.delimiter))
    }

    /// The record that is being read, as it stands in the stream, with what ends it.
    fn raw(&self) -> &[u8] {
        self.buffer.get(self.begin..self.at).unwrap_or_default()
    }

    /// The line of a record's first byte: before it, the end of the last line and blank lines may have been passed over.
    fn begins_on(&self) -> u64 {
        let (breaks, _) = without_breaks(self.raw());
        self.line + breaks.iter().map(|byte| u64::from(*byte == b'\n')).sum::<u64>()
    }

    /// Reads on. The record that is being read stays in one piece.
    fn fill(&mut self) -> io::Result<()> {
        let read = if self.at - self.begin > MAX_ROW_BYTES {
            Err(Fault::RowTooLong.into())
        } else {
            self.buffer.copy_within(self.begin..self.filled, 0);
            self.at -= self.begin;
            self.filled -= self.begin;
            self.begin = 0;
            if self.filled == self.buffer.len() {
                self.buffer.resize(self.buffer.len() * 2, 0);
            }
            self.stream.read(self.buffer.get_mut(self.filled..).unwrap_or_default())
        };
        // Whoever says why it stopped says where.
        self.record_line = self.begins_on();
        let read = read?;
        self.filled += read;
        self.ended = read == 0;
        Ok(())
    }
}

/// The line breaks that bytes begin with, and what follows them.
fn without_breaks(bytes: &[u8]) -> (&[u8], &[u8]) {
    let text = bytes.iter().position(|byte| !matches!(byte, b'\r' | b'\n'));
    bytes.split_at(text.unwrap_or(bytes.len()))
}

/// What is wrong with a record's quotes.
fn flaw(mut record: &[u8], delimiter: u8) -> Option<QuoteFlaw> {
    loop {
        let Some(quoted) = record.strip_prefix(b"\"") else {
            // A quote within a cell that does not begin with one is a character like others.
            let end = memchr::memchr(delimiter, record)?;
            record = record.get(end + 1..)?;
            continue;
        };
        record = quoted;
        let mut is_escaped = false;
        loop {
            let Some(quote) = memchr::memchr(b'"', record) else {
                return Some(if is_escaped { QuoteFlaw::Escaped } else { QuoteFlaw::Unclosed });
            };
            let (before, after) = record.split_at(quote);
            is_escaped |= before.ends_with(b"\\");
            record = after.get(1..)?;
            match record.strip_prefix(b"\"") {
                Some(rest) => record = rest,
                None => break,
            }
        }
        // White space is no part of a cell anyway.
        while let [b' ' | b'\t', rest @ ..] = record
            && record.first() != Some(&delimiter)
        {
            record = rest;
        }
        match record {
            [] | [b'\r' | b'\n', ..] => return None,
            [byte, rest @ ..] if *byte == delimiter => record = rest,
            _ if is_escaped => return Some(QuoteFlaw::Escaped),
            _ => return Some(QuoteFlaw::After),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_closed_at_the_end_of_their_cell() {
        use QuoteFlaw::{After, Escaped, Unclosed};
        for (record, found) in [
            (r#"a,"b, ""c""",d"#, None),
            ("a,\"b\"\r\n", None),
            ("\"a\" , \"b\",5\" pipe\n", None),
            ("\"\",\"\"", None),
            ("a,\"b", Some(Unclosed)),
            ("a,\"b\"\"", Some(Unclosed)),
            ("\"a\"b,c\n", Some(After)),
            (r#""a \"b\" c",d"#, Some(Escaped)),
            (r#""\"a\"",d"#, Some(Escaped)),
            (r#""ends with a quote \"",d"#, Some(Escaped)),
            (r#""C:\",d"#, None),
        ] {
            assert_eq!(flaw(record.as_bytes(), b','), found, "{record}");
        }
    }
}
