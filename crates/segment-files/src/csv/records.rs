//! The records of a CSV file, as bytes.
//!
//! The parser accepts any bytes, so the raw bytes of each record are checked: every quote must be closed, and no text
//! may follow a closing quote.

use std::io::{self, Read};

use csv_core::ReadRecordResult;

use super::{
    line_end::LineEnd,
    unspaced::{Unspaced, is_spaced},
};
use crate::{error::Defect, row::MAX_ROW_BYTES, stream_error::StreamError};

const BUFFER_BYTES: usize = 256 << 10;

/// Enough for the text and the cells of most records. The buffers grow for others.
const TEXT_BYTES: usize = 256;
const CELLS: usize = 32;

/// The records of a stream.
pub(super) struct Records<R> {
    stream: Unspaced<R>,
    parser: csv_core::Reader,
    delimiter: u8,
    line_end: LineEnd,
    /// The last record is at `begin..at`, and unread bytes at `at..filled`.
    buffer: Vec<u8>,
    begin: usize,
    at: usize,
    filled: usize,
    ended: bool,
    /// The line that the byte at `at` is on.
    line: u64,
    /// Line breaks before it that were escaped, which the parser does not count.
    escaped_lines: u64,
    /// Whether the byte before `begin` is a CR: a LF at `begin` is part of the same line end.
    after_return: bool,
    /// The line that the last record begins on.
    record_line: u64,
    /// What is wrong with the quotes of the last record.
    quote_defect: Option<QuoteDefect>,
}

/// What is wrong with the quotes of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum QuoteDefect {
    /// A quote is not closed.
    Unclosed,
    /// Text follows a closing quote.
    TextAfter,
    /// Text follows a closing quote, in a record of several lines, some of which may be records of their own.
    TextAfterLines,
    /// One of the above, and a backslash precedes a quote inside the cell.
    Backslash,
    /// White space is before the quotes around a cell, so that the parser did not know them as such.
    SpaceBefore,
}

impl<R: Read> Records<R> {
    pub(super) fn new(stream: R, delimiter: u8, line_end: LineEnd) -> Self {
        let mut parser = csv_core::ReaderBuilder::new();
        parser.delimiter(delimiter);
        if line_end == LineEnd::Newline {
            parser.terminator(csv_core::Terminator::Any(b'\n'));
        }
        Self {
            stream: Unspaced::new(stream),
            parser: parser.build(),
            delimiter,
            line_end,
            buffer: vec![0; BUFFER_BYTES],
            begin: 0,
            at: 0,
            filled: 0,
            ended: false,
            line: 1,
            escaped_lines: 0,
            after_return: false,
            record_line: 1,
            quote_defect: None,
        }
    }

    /// Reads the next record: its text without delimiters, and where each cell ends in it. Returns `false` at the end.
    pub(super) fn read(&mut self, text: &mut Vec<u8>, ends: &mut Vec<usize>) -> io::Result<bool> {
        loop {
            self.after_return = self.raw().last() == Some(&b'\r');
            self.begin = self.at;
            let (line, parser_line) = (self.line, self.parser.line());
            let mut is_there = self.read_one(text, ends)?;
            self.quote_defect = self.find_quote_defect();
            if self.quote_defect == Some(QuoteDefect::SpaceBefore) {
                // The quoted cell may have more lines.
                self.line = line;
                self.remove_spaces(parser_line);
                is_there = self.read_one(text, ends)?;
                self.quote_defect = self.find_quote_defect();
            }
            if is_there && self.line_end == LineEnd::Newline && self.trim_return(text, ends) {
                continue;
            }
            return Ok(is_there);
        }
    }

    /// Removes the CR of a CRLF from the last cell. Returns whether the line is blank.
    fn trim_return(&self, text: &mut Vec<u8>, ends: &mut [usize]) -> bool {
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
        text.clear();
        text.resize(TEXT_BYTES, 0);
        ends.clear();
        ends.resize(CELLS, 0);
        let (mut written, mut cells) = (0, 0);
        let is_there = loop {
            if self.at == self.filled && !self.ended {
                self.fill()?;
            }
            // Without input, the parser ends the last record.
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
        self.record_line = self.first_line();
        self.line = match self.line_end {
            LineEnd::Newline => self.parser.line() + self.escaped_lines,
            LineEnd::Return => self.line + self.lines(self.raw()),
        };
        Ok(is_there)
    }

    /// Returns the line on which the last record begins, counted from 1.
    pub(super) fn record_line(&self) -> u64 {
        self.record_line
    }

    /// Adds escaped line breaks of the last record to the line count.
    pub(super) fn add_lines(&mut self, lines: u64) {
        self.escaped_lines += lines;
        self.line += lines;
    }

    /// Begins to remove white space before quotes, and goes back to the beginning of the record.
    fn remove_spaces(&mut self, parser_line: u64) {
        let unread = self.buffer.get(self.begin..self.filled).unwrap_or_default();
        self.stream.remove_from(unread, self.delimiter, self.line_end);
        (self.at, self.filled, self.ended) = (self.begin, self.begin, false);
        self.parser.reset();
        self.parser.set_line(parser_line);
    }

    /// Returns what is wrong with the quotes of the last record. It is never [`QuoteDefect::SpaceBefore`].
    pub(super) fn quote_defect(&self) -> Option<QuoteDefect> {
        self.quote_defect
    }

    #[inline]
    fn find_quote_defect(&self) -> Option<QuoteDefect> {
        // Most records have no quote.
        memchr::memchr(b'"', self.raw())?;
        let (_, record) = self.without_breaks();
        let record = record.strip_suffix(b"\n").unwrap_or(record);
        let record = record.strip_suffix(b"\r").unwrap_or(record);
        match quote_defect(record, self.delimiter)? {
            // The white space is too long to be removed.
            QuoteDefect::SpaceBefore if self.stream.is_removing() => Some(QuoteDefect::TextAfter),
            QuoteDefect::TextAfter if self.lines(record) > 0 => Some(QuoteDefect::TextAfterLines),
            defect => Some(defect),
        }
    }

    /// Returns whether a backslash precedes the line break that ends the record.
    pub(super) fn ends_with_backslash(&self) -> bool {
        let record = self.raw();
        let line = record.strip_suffix(b"\n").or_else(|| record.strip_suffix(b"\r"));
        let line = line.map(|line| line.strip_suffix(b"\r").unwrap_or(line));
        let backslashes = |line: &[u8]| line.iter().rev().take_while(|byte| **byte == b'\\').count();
        // A backslash that is itself escaped escapes nothing.
        line.is_some_and(|line| backslashes(line) % 2 == 1)
    }

    /// Returns the record as it is in the stream, with the line ends around it.
    fn raw(&self) -> &[u8] {
        self.buffer.get(self.begin..self.at).unwrap_or_default()
    }

    /// Returns the line of the record's first byte, after the blank lines before it.
    fn first_line(&self) -> u64 {
        let (breaks, _) = self.without_breaks();
        self.line + self.lines(breaks)
    }

    /// Splits the record into the line breaks that it begins with and the rest.
    fn without_breaks(&self) -> (&[u8], &[u8]) {
        let raw = self.raw();
        let text = raw.iter().position(|byte| !self.line_end.is_end(*byte));
        raw.split_at(text.unwrap_or(raw.len()))
    }

    /// Counts the line ends in bytes from the beginning of the record.
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

    /// Reads more of the stream. The current record stays contiguous in the buffer.
    fn fill(&mut self) -> io::Result<()> {
        let read = if self.at - self.begin > MAX_ROW_BYTES {
            Err(StreamError { line: None, defect: Defect::RowTooLong }.into())
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
        // If reading failed, the error names this line.
        self.record_line = self.first_line();
        let read = read?;
        self.filled += read;
        self.ended = read == 0;
        Ok(())
    }
}

/// Returns what is wrong with the quotes of a record, given without its line end.
fn quote_defect(mut record: &[u8], delimiter: u8) -> Option<QuoteDefect> {
    loop {
        let Some(quoted) = record.strip_prefix(b"\"") else {
            if is_spaced(record, delimiter) {
                return Some(QuoteDefect::SpaceBefore);
            }
            // A quote in a cell that does not begin with one is text.
            let end = memchr::memchr(delimiter, record)?;
            record = record.get(end + 1..)?;
            continue;
        };
        record = quoted;
        let mut is_escaped = false;
        loop {
            let Some(quote) = memchr::memchr(b'"', record) else {
                return Some(if is_escaped { QuoteDefect::Backslash } else { QuoteDefect::Unclosed });
            };
            let (before, after) = record.split_at(quote);
            is_escaped |= before.ends_with(b"\\");
            record = after.get(1..)?;
            match record.strip_prefix(b"\"") {
                Some(rest) => record = rest,
                None => break,
            }
        }
        // White space around a cell is trimmed anyway.
        while let [b' ' | b'\t', rest @ ..] = record
            && record.first() != Some(&delimiter)
        {
            record = rest;
        }
        match record {
            [] => return None,
            [byte, rest @ ..] if *byte == delimiter => record = rest,
            _ if is_escaped => return Some(QuoteDefect::Backslash),
            _ => return Some(QuoteDefect::TextAfter),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_quotes_that_are_not_closed_at_the_end_of_their_cell() {
        use QuoteDefect::{Backslash, SpaceBefore, TextAfter, Unclosed};
        for (record, found) in [
            (r#"a,"b, ""c""",d"#, None),
            ("a,\"b\"", None),
            ("\"a\" ,\"b\",5\" pipe", None),
            ("\"a\" , \"b\",5\" pipe", Some(SpaceBefore)),
            ("\"\",\"\"", None),
            ("a,\"b", Some(Unclosed)),
            ("a,\"b\"\"", Some(Unclosed)),
            ("\"a\"b,c", Some(TextAfter)),
            (r#""a \"b\" c",d"#, Some(Backslash)),
            (r#""\"a\"",d"#, Some(Backslash)),
            (r#""ends with a quote \"",d"#, Some(Backslash)),
            (r#""C:\",d"#, None),
            (r#"a, "b""#, Some(SpaceBefore)),
            (r#" "a,b"#, Some(SpaceBefore)),
            (r#""a" x, "b""#, Some(TextAfter)),
        ] {
            assert_eq!(quote_defect(record.as_bytes(), b','), found, "{record}");
        }
    }
}
