//! CSV as RFC 4180 has it, and with backslashes where the export says so, read in flat memory.

mod escaped;
mod records;
mod sniff;

use std::io::Read;

use self::{
    escaped::{Escaped, Escapes},
    records::{LineEnd, QuoteFlaw, Records},
};
use crate::{
    cells::RowCells,
    decompress::Unpacked,
    delimiter::Delimiter,
    error::SourceError,
    formula::restored,
    header::Header,
    reading::Reading,
    row::{BadRow, Row},
    rows::Rows,
    text::{Text, Utf8},
};

/// The rows of a CSV file.
pub struct CsvRows<'f> {
    records: Records<Unpacked<'f>>,
    header: Header,
    delimiter: Delimiter,
    escapes: Option<Escapes>,
    special: Special,
    utf8: Utf8,
    begun: bool,
    /// The line of the row before, where its line break may have been meant to stay in its last cell.
    broken_off: Option<u64>,
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
        let line_end = LineEnd::of(text.first());
        let escapes = reading.escape.map(|_| Escapes::new(delimiter.byte()));
        let text: Unpacked<'f> = match escapes {
            Some(escapes) => Box::new(Escaped::new(text.into_stream(), escapes)),
            None => Box::new(text.into_stream()),
        };
        let mut rows = Self {
            records: Records::new(text, delimiter.byte(), line_end),
            header: columns.unwrap_or_else(|| Header::new([])),
            delimiter,
            escapes,
            special: Special::new(reading),
            utf8,
            begun: false,
            broken_off: None,
        };
        let mut row = Row::default();
        if said.is_some() {
            // The line is no row, however it is cut.
            let _ = rows.parse(&mut row)?;
            rows.begun = false;
        }
        if has_header {
            match rows.parse(&mut row)? {
                None => return Err(SourceError::Empty),
                Some(Err(BadRow::AfterQuote)) => return Err(SourceError::AfterQuote { line: row.line() }),
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

    fn parse(&mut self, row: &mut Row) -> Result<Option<Result<(), BadRow>>, SourceError> {
        // What the row before wrote in is written in again, so that no row allocates.
        let (mut text, mut ends) = row.take_cells().into_parts();
        let read = self.records.read(&mut text, &mut ends);
        let is_there = read.map_err(|error| SourceError::stopped(error, self.records.record_line()))?;
        row.begin(self.records.record_line());
        if !is_there {
            return Ok(None);
        }
        self.begun = true;
        if let Some(escapes) = self.escapes {
            self.records.pass_lines(escapes.restore(&mut text));
        }
        let columns = self.header.len();
        let broken_off = self.broken_off.take();
        let bad = if let Some(flaw) = self.records.flaw() {
            let line = row.line();
            match flaw {
                QuoteFlaw::Unclosed => return Err(SourceError::UnclosedQuote { line }),
                QuoteFlaw::Escaped => return Err(SourceError::Escaped { line }),
                QuoteFlaw::AfterLines => return Err(SourceError::AfterQuoteLines { line }),
                QuoteFlaw::After => Some(BadRow::AfterQuote),
            }
        } else if memchr::memchr(0, &text).is_some() {
            Some(BadRow::Nul)
        } else if columns > 0 && ends.len() != columns {
            if let Some(line) = broken_off {
                return Err(SourceError::EscapedBreak { line });
            }
            let (expected, found) = (columns, ends.len());
            let is_cut = self.escapes.is_none() && is_cut(&text, &ends);
            Some(if is_cut { BadRow::Cut { expected, found } } else { BadRow::Ragged { expected, found } })
        } else {
            None
        };
        if columns > 0 && bad.is_none() && self.escapes.is_none() && text.ends_with(b"\\") {
            self.broken_off = self.records.is_broken_off().then_some(row.line());
        }
        match RowCells::from_parts(text, ends) {
            Ok(cells) => {
                row.set_cells(cells);
                self.special.read(row);
                Ok(Some(bad.map_or(Ok(()), Err)))
            }
            Err((text, _)) => {
                let broken = self.utf8.broken(&text, row.line())?;
                Ok(Some(Err(bad.unwrap_or(broken))))
            }
        }
    }
}

/// Whether a cell ends with a backslash, behind which a delimiter or a line break stood.
fn is_cut(text: &[u8], ends: &[usize]) -> bool {
    ends.iter().any(|end| text.get(..*end).is_some_and(|cells| cells.ends_with(b"\\")))
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

/// Restores every cell of a row.
fn restore(row: &mut Row) {
    if row.cells().any(|cell| cell.starts_with('\'')) {
        let cells = row.take_cells();
        row.set_cells(cells.iter().map(restored).collect());
    }
}

#[cfg(test)]
mod tests;
