//! A CSV file's records as bytes: what the parser makes of them, and what it does not tell.
//!
//! The parser takes any bytes for CSV. So each record is looked at again as it stands in the file: whether its quotes are
//! closed, and whether a cell ends with its closing quote.

use std::io::{self, Read};

use csv_core::ReadRecordResult;

use crate::{row::MAX_ROW_BYTES, stream_error::Fault};

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
    line_end: LineEnd,
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
    /// Whether a CR stands before `begin`, of which a LF may be a part.
    after_return: bool,
    /// The line that the last record begins on.
    record_line: u64,
}

/// What ends a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LineEnd {
    /// LF, also behind a CR. A CR alone is a character like others: pandas writes it so, without quotes.
    Newline,
    /// CR, as old programs for the Mac write it; LF ends one too.
    Return,
}

impl LineEnd {
    /// What ends the first line of a text.
    pub(super) fn of(text: &[u8]) -> Self {
        let mut quotes = 0_usize;
        for (at, byte) in text.iter().enumerate() {
            match byte {
                b'"' => quotes += 1,
                b'\n' if quotes.is_multiple_of(2) => break,
                b'\r' if quotes.is_multiple_of(2) => {
                    return if text.get(at + 1) == Some(&b'\n') { Self::Newline } else { Self::Return };
                }
                _ => {}
            }
        }
        Self::Newline
    }
}

/// What is wrong with a record's quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum QuoteFlaw {
    /// One is not closed.
    Unclosed,
    /// Something stands between a closing quote and the delimiter.
    After,
    /// The same, in a record that goes over several lines: some of them may be records.
    AfterLines,
    /// One of these, where a backslash stands before a quote: it was meant to be part of the cell.
    Escaped,
}

impl<R: Read> Records<R> {
    pub(super) fn new(stream: R, delimiter: u8, line_end: LineEnd) -> Self {
        let mut parser = csv_core::ReaderBuilder::new();
        parser.delimiter(delimiter);
        if line_end == LineEnd::Newline {
            parser.terminator(csv_core::Terminator::Any(b'\n'));
        }
        Self {
            stream,
            parser: parser.build(),
            delimiter,
            line_end,
            buffer: vec![0; BUFFER_BYTES],
            begin: 0,
            at: 0,
            filled: 0,
            ended: false,
            line: 1,
            unseen_lines: 0,
            after_return: false,
            record_line: 1,
        }
    }

    /// Reads the next record: its text without what separates its cells, and where in it each cell ends. `false` at the
    /// end.
    pub(super) fn read(&mut self, text: &mut Vec<u8>, ends: &mut Vec<usize>) -> io::Result<bool> {
        loop {
            let is_there = self.read_one(text, ends)?;
            if is_there && self.line_end == LineEnd::Newline && self.cut_return(text, ends) {
                // A blank line.
                continue;
            }
            return Ok(is_there);
        }
    }

    /// Takes the CR of a line's end for no part of the last cell. Whether there is nothing else in the line.
    fn cut_return(&self, text: &mut Vec<u8>, ends: &mut [usize]) -> bool {
        let (_, record) = self.without_breaks();
        let line = match record.strip_suffix(b"\n") {
            Some(line) => line,
            None if self.ended => record,
            None => return false,
        };
        if line.last() == Some(&b'\r') && text.last() == Some(&b'\r') {
            text.pop();
            if let Some(end) = ends.last_mut() {
                *end = text.len();
            }
        }
        line == b"\r"
    }

    fn read_one(&mut self, text: &mut Vec<u8>, ends: &mut Vec<usize>) -> io::Result<bool> {
        self.after_return = self.raw().last() == Some(&b'\r');
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
        self.line = match self.line_end {
            LineEnd::Newline => self.parser.line() + self.unseen_lines,
            LineEnd::Return => self.line + self.lines(self.raw()),
        };
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
        memchr::memchr(b'"', self.raw())?;
        let (_, record) = self.without_breaks();
        let record = record.strip_suffix(b"\n").unwrap_or(record);
        let record = record.strip_suffix(b"\r").unwrap_or(record);
        match flaw(record, self.delimiter)? {
            QuoteFlaw::After if self.lines(record) > 0 => Some(QuoteFlaw::AfterLines),
            flaw => Some(flaw),
        }
    }

    /// Whether a backslash stands before the line break that ends the record.
    pub(super) fn is_broken_off(&self) -> bool {
        let record = self.raw();
        let line = record.strip_suffix(b"\n").or_else(|| record.strip_suffix(b"\r"));
        let line = line.map(|line| line.strip_suffix(b"\r").unwrap_or(line));
        let backslashes = |line: &[u8]| line.iter().rev().take_while(|byte| **byte == b'\\').count();
        // One that another one escapes keeps nothing.
        line.is_some_and(|line| backslashes(line) % 2 == 1)
    }

    /// The record that is being read, as it stands in the stream, with what ends it.
    fn raw(&self) -> &[u8] {
        self.buffer.get(self.begin..self.at).unwrap_or_default()
    }

    /// The line of a record's first byte: before it, the end of the last line and blank lines may have been passed over.
    fn begins_on(&self) -> u64 {
        let (breaks, _) = self.without_breaks();
        self.line + self.lines(breaks)
    }

    /// The line breaks that the record begins with, and what follows them.
    fn without_breaks(&self) -> (&[u8], &[u8]) {
        let is_break = |byte: &u8| match self.line_end {
            LineEnd::Newline => *byte == b'\n',
            LineEnd::Return => matches!(byte, b'\r' | b'\n'),
        };
        let raw = self.raw();
        let text = raw.iter().position(|byte| !is_break(byte));
        raw.split_at(text.unwrap_or(raw.len()))
    }

    /// How many lines end in bytes from the record's beginning.
    fn lines(&self, bytes: &[u8]) -> u64 {
        let mut after_return = self.after_return;
        let ends = bytes.iter().filter(|byte| match (self.line_end, byte) {
            (LineEnd::Newline, byte) => **byte == b'\n',
            (LineEnd::Return, byte) => {
                let is_end = **byte == b'\r' || (**byte == b'\n' && !after_return);
                after_return = **byte == b'\r';
                is_end
            }
        });
        ends.count() as u64
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

/// What is wrong with the quotes of a record without its line's end.
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
            [] => return None,
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
            ("a,\"b\"", None),
            ("\"a\" , \"b\",5\" pipe", None),
            ("\"\",\"\"", None),
            ("a,\"b", Some(Unclosed)),
            ("a,\"b\"\"", Some(Unclosed)),
            ("\"a\"b,c", Some(After)),
            (r#""a \"b\" c",d"#, Some(Escaped)),
            (r#""\"a\"",d"#, Some(Escaped)),
            (r#""ends with a quote \"",d"#, Some(Escaped)),
            (r#""C:\",d"#, None),
        ] {
            assert_eq!(flaw(record.as_bytes(), b','), found, "{record}");
        }
    }
}
