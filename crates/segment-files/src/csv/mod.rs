//! Reads CSV as RFC 4180 defines it, and with backslash escapes if the options declare them.

mod escaped;
mod line_end;
mod misplaced;
mod records;
mod sniff;
mod unspaced;

use memchr::memmem::Finder;

use self::{
    escaped::{Escaped, Escapes},
    line_end::LineEnd,
    records::{QuoteDefect, Records},
};
use crate::{
    cells::Cells,
    delimiter::Delimiter,
    error::{Defect, ReadError},
    file::ByteStream,
    formula::unescape_formula,
    header::Header,
    options::ReadOptions,
    row::{Row, UnreadableRow},
    rows::Rows,
    text::{Text, Utf8},
};

/// The rows of a CSV file.
pub(crate) struct CsvRows {
    records: Records<ByteStream>,
    header: Header,
    escapes: Option<Escapes>,
    special: SpecialCells,
    utf8: Utf8,
    has_header_line: bool,
    has_read_row: bool,
    /// The line of the last row, if it ends with a backslash: its line break may belong to its last cell.
    backslash_at_end: Option<u64>,
}

impl CsvRows {
    /// Reads the header, or takes the declared columns. The wanted columns help to detect the delimiter.
    pub(crate) fn open(text: Text, options: &ReadOptions, wanted: &[&str]) -> Result<Self, ReadError> {
        let columns = options.columns.as_ref().map(|columns| Header::new(columns.iter().map(String::as_str)));
        let first_line = sniff::declared(text.first());
        let delimiter = options
            .delimiter
            .or(first_line)
            .unwrap_or_else(|| sniff::detect(text.first(), wanted, columns.as_ref().map(Header::len)));
        let (utf8, has_header) = (text.utf8(), columns.is_none());
        if has_header {
            let declared = options.delimiter.or(first_line);
            let delimiters = declared.as_ref().map_or(Delimiter::CANDIDATES.as_slice(), std::slice::from_ref);
            let before = usize::from(first_line.is_some());
            if let Some(error) = misplaced::misplaced(text.first(), delimiters, wanted, before) {
                return Err(error);
            }
        }
        let line_end = LineEnd::of(text.first());
        let escapes = options.escape.map(|_| Escapes::new(delimiter.byte()));
        let text: ByteStream = match escapes {
            Some(escapes) => Box::new(Escaped::new(text.into_stream(), escapes)),
            None => Box::new(text.into_stream()),
        };
        let mut rows = Self {
            records: Records::new(text, delimiter.byte(), line_end),
            header: columns.unwrap_or_else(|| Header::new([])),
            escapes,
            special: SpecialCells::new(options),
            utf8,
            has_header_line: has_header,
            has_read_row: false,
            backslash_at_end: None,
        };
        let mut row = Row::default();
        if first_line.is_some() {
            // `sep=;` is not a row, whatever cells it splits into.
            let _ = rows.parse(&mut row)?;
            rows.has_read_row = false;
        }
        if has_header {
            rows.header = match rows.parse(&mut row)? {
                None => return Err(ReadError::Empty),
                Some(Err(UnreadableRow::AfterQuote)) => {
                    return Err(Defect::HeaderAfterQuote.at(row.line()));
                }
                Some(Err(_)) => return Err(Defect::UnknownEncoding(None).at(row.line())),
                Some(Ok(())) => Header::new(row.cells()),
            };
        }
        Ok(rows)
    }

    fn parse(&mut self, row: &mut Row) -> Result<Option<Result<(), UnreadableRow>>, ReadError> {
        let (mut text, mut ends) = row.take_cells().into_parts();
        let read = self.records.read(&mut text, &mut ends);
        let is_there = read.map_err(|error| ReadError::stopped(error, self.records.record_line()))?;
        row.begin(self.records.record_line());
        if !is_there {
            return Ok(None);
        }
        self.has_read_row = true;
        if let Some(escapes) = self.escapes {
            self.records.add_lines(escapes.restore(&mut text));
        }
        let result = self.check(&text, &ends, row.line())?;
        match Cells::from_parts(text, ends) {
            Ok(cells) => {
                row.set_cells(cells);
                self.special.replace(row);
                Ok(Some(result))
            }
            Err((text, _)) => {
                let invalid = self.utf8.invalid(&text, row.line())?;
                Ok(Some(result.and(Err(invalid))))
            }
        }
    }

    /// Returns what is wrong with the last record, apart from its encoding.
    fn check(
        &mut self,
        text: &[u8],
        ends: &[usize],
        line: u64,
    ) -> Result<Result<(), UnreadableRow>, ReadError> {
        let (expected, found) = (self.header.len(), ends.len());
        // The header itself may have any number of cells.
        let is_ragged = expected > 0 && found != expected;
        let backslash_before = self.backslash_at_end.take();
        match self.records.quote_defect() {
            Some(QuoteDefect::Unclosed) => return Err(Defect::UnclosedQuote.at(line)),
            Some(QuoteDefect::Backslash) => return Err(Defect::BackslashQuote.at(line)),
            Some(QuoteDefect::TextAfterLines) => return Err(Defect::AfterQuoteLines.at(line)),
            Some(QuoteDefect::TextAfter | QuoteDefect::SpaceBefore) => {
                return Ok(Err(UnreadableRow::AfterQuote));
            }
            None => {}
        }
        if memchr::memchr(0, text).is_some() {
            return Ok(Err(UnreadableRow::Nul));
        }
        if is_ragged {
            if let Some(line) = backslash_before {
                return Err(Defect::BackslashLineBreak.at(line));
            }
            let is_split = self.escapes.is_none() && has_backslash_at_end_of_cell(text, ends);
            return Ok(Err(if is_split {
                UnreadableRow::BackslashSplit { expected, found }
            } else {
                UnreadableRow::Ragged { expected, found }
            }));
        }
        if expected > 0 && self.escapes.is_none() && text.ends_with(b"\\") {
            self.backslash_at_end = self.records.ends_with_backslash().then_some(line);
        }
        Ok(Ok(()))
    }
}

fn has_backslash_at_end_of_cell(text: &[u8], ends: &[usize]) -> bool {
    ends.iter().any(|end| text.get(..*end).is_some_and(|cells| cells.ends_with(b"\\")))
}

impl Rows for CsvRows {
    fn header(&self) -> &Header {
        &self.header
    }

    fn has_header_line(&self) -> bool {
        self.has_header_line
    }

    fn next(&mut self, row: &mut Row) -> Result<Option<Result<(), UnreadableRow>>, ReadError> {
        // If the columns are declared, the first row may still be a header.
        let is_first = !self.has_read_row;
        let mut read = self.parse(row)?;
        if is_first && self.header.names().iter().map(String::as_str).eq(row.cells().map(str::trim)) {
            read = self.parse(row)?;
        }
        Ok(read)
    }
}

/// Cells whose text is not their value: null texts and escaped formulas.
struct SpecialCells {
    /// The texts that mean "no value".
    nulls: Vec<(String, Finder<'static>)>,
    has_escaped_formulas: bool,
}

impl SpecialCells {
    fn new(options: &ReadOptions) -> Self {
        let texts = options.nulls.iter().filter(|text| !text.is_empty());
        let nulls = texts.map(|text| (text.clone(), Finder::new(text).into_owned()));
        Self { nulls: nulls.collect(), has_escaped_formulas: options.has_escaped_formulas }
    }

    /// Replaces the special cells of a row with their values.
    fn replace(&self, row: &mut Row) {
        if self.has_escaped_formulas && row.cells().any(|cell| cell.starts_with('\'')) {
            let cells = row.take_cells();
            row.set_cells(cells.iter().map(unescape_formula).collect());
        }
        if !self.nulls.iter().any(|(_, finder)| finder.find(row.text().as_bytes()).is_some()) {
            return;
        }
        let is_null = |cell: &str| self.nulls.iter().any(|(text, _)| text == cell);
        let cells = row.take_cells();
        row.set_cells(cells.iter().map(|cell| if is_null(cell) { "" } else { cell }).collect());
    }
}

#[cfg(test)]
mod tests;
