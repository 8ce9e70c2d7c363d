//! CSV as RFC 4180 has it, read in flat memory.
//!
//! Two things the parser alone does not tell are added around it. A quote that is never closed would swallow
//! the rest of the file as one cell: an end mark is fed after the last byte, and if it does not come out as a
//! row of its own, a quote was open. And a row without end would grow without bound: the bytes of a row are
//! counted as they are fed.

use std::io::{self, Cursor, Read};

use csv::{ByteRecord, StringRecord};

use super::{
    BadRow, Delimiter, Header, Reading, Row, Rows, SourceError,
    fault::Fault,
    neutral::restore,
    peeked::Peeked,
    text::{Text, Utf8},
    unpack::Unpacked,
};

/// The largest row, in bytes. A request to Omnisend must stay under 1 MB, so no larger contact could be sent.
pub const MAX_ROW_BYTES: usize = 2 << 20;

/// The parser's buffer, in bytes.
const BUFFER_BYTES: usize = 256 << 10;

/// A row of its own that no file holds: it begins with the information separator of its rank.
const END_MARK: &str = "\u{1c}end of file\u{1c}";
const END_LF: &str = "\n\u{1c}end of file\u{1c}\n";
const END_CRLF: &str = "\r\n\u{1c}end of file\u{1c}\r\n";

/// The rows of a CSV file.
pub struct CsvRows<'f> {
    reader: csv::Reader<Metered<'f>>,
    header: Header,
    delimiter: Delimiter,
    special: Special,
    utf8: Utf8,
    record: ByteRecord,
    begun: bool,
    ended: bool,
    /// Whether rows end with CR LF: the parser ends a row at the CR and counts a line at the LF, one row later.
    crlf: bool,
}

impl<'f> CsvRows<'f> {
    /// Reads the header of a file that is not packed, unless the columns are known: then only a first row that is one
    /// is passed over. `wanted` are the mapping's columns, by which the delimiter is detected where none is given.
    pub fn open(
        file: impl Read + Send + 'f,
        delimiter: Option<Delimiter>,
        columns: Option<&[String]>,
        wanted: &[&str],
    ) -> Result<Self, SourceError> {
        let columns = columns.map(<[String]>::to_vec);
        let reading = Reading { delimiter, columns, ..Reading::default() };
        Self::read(Text::open(Box::new(file), &reading)?, &reading, wanted)
    }

    /// Reads the header.
    pub(super) fn read(text: Text<'f>, reading: &Reading, wanted: &[&str]) -> Result<Self, SourceError> {
        let columns = reading.columns.as_ref().map(|columns| Header::new(columns.iter().map(String::as_str)));
        let said = Delimiter::said(text.first());
        let delimiter = reading
            .delimiter
            .or(said)
            .unwrap_or_else(|| Delimiter::detect(text.first(), wanted, columns.as_ref().map(Header::len)));
        let (utf8, has_header) = (text.utf8(), columns.is_none());
        let mut rows = Self {
            reader: csv::ReaderBuilder::new()
                .delimiter(delimiter.byte())
                .has_headers(false)
                .flexible(true)
                .buffer_capacity(BUFFER_BYTES)
                .from_reader(Metered {
                    text: Some(text.into_stream()),
                    end: Cursor::new(END_LF),
                    row_bytes: 0,
                }),
            header: columns.unwrap_or_else(|| Header::new([])),
            delimiter,
            special: Special::new(reading),
            utf8,
            record: ByteRecord::new(),
            begun: false,
            ended: false,
            crlf: false,
        };
        let mut row = Row::default();
        if said.is_some() {
            // The line is no row, however it is cut.
            let _ = rows.parse(&mut row)?;
        }
        if has_header {
            match rows.parse(&mut row)? {
                None => return Err(SourceError::Empty),
                Some(Err(_)) => {
                    return Err(SourceError::UnknownEncoding { line: row.line(), likely: None });
                }
                Some(Ok(())) => rows.header = Header::new(row.cells()),
            }
        }
        Ok(rows)
    }

    /// What separates the cells.
    pub fn delimiter(&self) -> Delimiter {
        self.delimiter
    }

    fn refuse(error: csv::Error, line: u64) -> SourceError {
        match error.into_kind() {
            csv::ErrorKind::Io(error) => SourceError::stopped(error, line),
            // Nothing else can come of reading bytes with flexible rows.
            other => SourceError::Read { line, source: io::Error::other(format!("{other:?}")) },
        }
    }

    fn parse(&mut self, row: &mut Row) -> Result<Option<Result<(), BadRow>>, SourceError> {
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
        if !self.begun {
            self.begun = true;
            self.crlf = self.reader.position().line() == ended_at.saturating_sub(1).max(1);
            if self.crlf && self.reader.get_ref().end.position() == 0 {
                self.reader.get_mut().end = Cursor::new(END_CRLF);
            }
        }
        row.begin(ended_at.saturating_sub(u64::from(!self.crlf)).max(1));
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
                self.special.read(row);
                Ok(Some(bad.map_or(Ok(()), Err)))
            }
            Err(error) => {
                self.record = error.into_byte_record();
                let broken = self.utf8.broken(self.record.as_slice(), row.line())?;
                Ok(Some(Err(bad.unwrap_or(broken))))
            }
        }
    }
}

impl Rows for CsvRows<'_> {
    fn header(&self) -> &Header {
        &self.header
    }

    fn next(&mut self, row: &mut Row) -> Result<Option<Result<(), BadRow>>, SourceError> {
        // The columns are declared, and no row was read to find them: one that repeats them is a header after all.
        let first = !self.begun;
        let mut read = self.parse(row)?;
        if first && self.header.names().iter().map(String::as_str).eq(row.cells().map(str::trim)) {
            read = self.parse(row)?;
        }
        Ok(read)
    }
}

/// The cells that are not what they say.
struct Special {
    /// Those that mean "no value".
    nulls: Vec<(String, memchr::memmem::Finder<'static>)>,
    /// Whether those that would begin a formula stand behind a mark.
    is_neutral: bool,
}

impl Special {
    fn new(reading: &Reading) -> Self {
        let texts = reading.nulls.iter().filter(|text| !text.is_empty());
        let nulls =
            texts.map(|text| (text.clone(), memchr::memmem::Finder::new(text).into_owned())).collect();
        Self { nulls, is_neutral: reading.is_neutral }
    }

    /// Gives a row the cells that are meant.
    fn read(&self, row: &mut Row) {
        if self.is_neutral {
            restore(row);
        }
        if !self.nulls.iter().any(|(_, finder)| finder.find(row.text().as_bytes()).is_some()) {
            return;
        }
        let is_null = |cell: &str| self.nulls.iter().any(|(text, _)| text == cell);
        let cells = row.take_cells();
        row.set_cells(cells.iter().map(|cell| if is_null(cell) { "" } else { cell }).collect());
    }
}

/// The text and the end mark after it, with the bytes fed since the last row counted.
struct Metered<'f> {
    text: Option<Peeked<Unpacked<'f>>>,
    end: Cursor<&'static str>,
    row_bytes: usize,
}

impl Metered<'_> {
    fn is_drained(&self) -> bool {
        self.end.position() >= self.end.get_ref().len() as u64
    }
}

impl Read for Metered<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.row_bytes > MAX_ROW_BYTES {
            return Err(Fault::RowTooLong.into());
        }
        let mut n = match &mut self.text {
            Some(text) => text.read(out)?,
            None => 0,
        };
        if n == 0 {
            self.text = None;
            n = self.end.read(out)?;
        }
        self.row_bytes += n;
        Ok(n)
    }
}

#[cfg(test)]
mod tests;
