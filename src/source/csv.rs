//! CSV as RFC 4180 has it, read in flat memory.
//!
//! Two things the parser alone does not tell are added around it. A quote that is never closed would swallow
//! the rest of the file as one cell: an end mark is fed after the last byte, and if it does not come out as a
//! row of its own, a quote was open. And a row without end would grow without bound: the bytes of a row are
//! counted as they are fed.

use std::io::{self, Cursor, Read};

use csv::{ByteRecord, StringRecord};

use super::{BadRow, Delimiter, Header, Row, Rows, SourceError, sample};

/// The largest row, in bytes. A request to Omnisend must stay under 1 MB, so no larger contact could be sent.
pub const MAX_ROW_BYTES: usize = 2 << 20;

/// How much of the file detection sees, in bytes.
const SAMPLE_BYTES: usize = 64 << 10;

/// The parser's buffer, in bytes.
const BUFFER_BYTES: usize = 256 << 10;

/// A row of its own that no file holds: it begins with the information separator of its rank.
const END_MARK: &str = "\u{1c}end of file\u{1c}";
const END_LF: &str = "\n\u{1c}end of file\u{1c}\n";
const END_CRLF: &str = "\r\n\u{1c}end of file\u{1c}\r\n";

/// The rows of a CSV file.
#[derive(Debug)]
pub struct CsvRows<R> {
    reader: csv::Reader<Metered<R>>,
    header: Header,
    delimiter: Delimiter,
    record: ByteRecord,
    begun: bool,
    ended: bool,
    /// Whether rows end with CR LF: the parser ends a row at the CR and counts a line at the LF, one row later.
    crlf: bool,
}

impl<R: Read> CsvRows<R> {
    /// Reads the header, unless the columns are known: then only a first row that is one is passed over. `wanted` are
    /// the mapping's columns, by which the delimiter is detected where none is given.
    pub fn open(
        mut file: R,
        delimiter: Option<Delimiter>,
        columns: Option<&[String]>,
        wanted: &[&str],
    ) -> Result<Self, SourceError> {
        let mut first = Vec::with_capacity(SAMPLE_BYTES);
        file.by_ref()
            .take(SAMPLE_BYTES as u64)
            .read_to_end(&mut first)
            .map_err(|source| SourceError::Read { line: 1, source })?;
        let text = sample::text(&first)?;
        let delimiter = delimiter.unwrap_or_else(|| Delimiter::detect(text, wanted));
        let columns = columns.map(|columns| Header::new(columns.iter().map(String::as_str)));
        let has_header = columns.as_ref().is_none_or(|columns| sample::begins_with(text, delimiter, columns));
        let mark = first.len() - text.len();
        let mut first = Cursor::new(first);
        first.set_position(mark as u64);
        let mut rows = Self {
            reader: csv::ReaderBuilder::new()
                .delimiter(delimiter.byte())
                .has_headers(false)
                .flexible(true)
                .buffer_capacity(BUFFER_BYTES)
                .from_reader(Metered { first, file, end: Cursor::new(END_LF), row_bytes: 0 }),
            header: Header::new([]),
            delimiter,
            record: ByteRecord::new(),
            begun: false,
            ended: false,
            crlf: false,
        };
        let mut row = Row::default();
        if has_header {
            match rows.next(&mut row)? {
                None => return Err(SourceError::Empty),
                Some(Err(_)) => return Err(SourceError::HeaderEncoding),
                Some(Ok(())) => rows.header = Header::new(row.cells()),
            }
        } else if let Some(columns) = columns {
            rows.header = columns;
        }
        Ok(rows)
    }

    /// What separates the cells.
    pub fn delimiter(&self) -> Delimiter {
        self.delimiter
    }

    fn refuse(error: csv::Error, line: u64) -> SourceError {
        match error.into_kind() {
            csv::ErrorKind::Io(error)
                if error.get_ref().is_some_and(<dyn std::error::Error + Send + Sync>::is::<RowTooLong>) =>
            {
                SourceError::RowTooLong { line }
            }
            csv::ErrorKind::Io(source) => SourceError::Read { line, source },
            // Nothing else can come of reading bytes with flexible rows.
            other => SourceError::Read { line, source: io::Error::other(format!("{other:?}")) },
        }
    }
}

impl<R: Read> Rows for CsvRows<R> {
    fn header(&self) -> &Header {
        &self.header
    }

    fn next(&mut self, row: &mut Row) -> Result<Option<Result<(), BadRow>>, SourceError> {
        if self.ended {
            return Ok(None);
        }
        let mut record = std::mem::take(&mut self.record);
        let began_at = self.reader.position().line() + u64::from(self.crlf);
        let read =
            self.reader.read_byte_record(&mut record).map_err(|error| Self::refuse(error, began_at))?;
        self.reader.get_mut().row_bytes = 0;
        let text = record.as_slice();
        // Where the row begins, from where it ended: before it, blank lines may have been passed over.
        let lines_inside = memchr::memchr_iter(b'\n', text).count() as u64;
        let ended_at = self.reader.position().line() - lines_inside;
        if record.len() == 1 && text == END_MARK.as_bytes() {
            self.ended = true;
            return Ok(None);
        }
        // The mark was fed and came out as part of a cell, or not at all: a quote in the last row is open.
        if !read
            || (self.reader.get_ref().is_drained()
                && memchr::memmem::find(text, END_MARK.as_bytes()).is_some())
        {
            return Err(SourceError::UnclosedQuote { line: ended_at });
        }
        row.begin(ended_at.saturating_sub(u64::from(!self.crlf)).max(1));
        if !self.begun {
            self.begun = true;
            self.crlf = self.reader.position().line() == row.line();
            if self.crlf && self.reader.get_ref().end.position() == 0 {
                self.reader.get_mut().end = Cursor::new(END_CRLF);
            }
        }
        let columns = self.header.len();
        let bad = if memchr::memchr(0, text).is_some() {
            Some(BadRow::Nul)
        } else if columns > 0 && record.len() != columns {
            Some(BadRow::Ragged { expected: columns, found: record.len() })
        } else {
            None
        };
        // The buffers change places, so that no row allocates.
        let spare = row.take_cells().into_byte_record();
        match StringRecord::from_byte_record(record) {
            Ok(cells) => {
                row.set_cells(cells);
                self.record = spare;
                Ok(Some(bad.map_or(Ok(()), Err)))
            }
            Err(error) => {
                self.record = error.into_byte_record();
                Ok(Some(Err(bad.unwrap_or(BadRow::Encoding))))
            }
        }
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the row is too long")]
struct RowTooLong;

/// The file between what was read of it already and the end mark, with the bytes fed since the last row counted.
#[derive(Debug)]
struct Metered<R> {
    first: Cursor<Vec<u8>>,
    file: R,
    end: Cursor<&'static str>,
    row_bytes: usize,
}

impl<R> Metered<R> {
    fn is_drained(&self) -> bool {
        self.end.position() >= self.end.get_ref().len() as u64
    }
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.row_bytes > MAX_ROW_BYTES {
            return Err(io::Error::other(RowTooLong));
        }
        let mut n = self.first.read(out)?;
        if n == 0 {
            // What was read ahead is not needed again.
            *self.first.get_mut() = Vec::new();
            n = self.file.read(out)?;
        }
        if n == 0 {
            n = self.end.read(out)?;
        }
        self.row_bytes += n;
        Ok(n)
    }
}

#[cfg(test)]
mod tests;
