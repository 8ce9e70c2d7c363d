//! Detects the delimiter of a CSV file by its first rows.

use super::records::{LineEnd, Records};
use crate::{delimiter::Delimiter, header::Header};

/// The rows that are looked at after the header.
const ROWS: usize = 20;

/// Returns the delimiter of a first line such as `sep=;`, which some programs write for Excel.
pub(super) fn declared(text: &[u8]) -> Option<Delimiter> {
    let [b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', byte, b'\r' | b'\n', ..] = text else {
        return None;
    };
    Delimiter::try_from(char::from(*byte).to_string()).ok()
}

/// Returns the delimiter with which most wanted columns are in the header. Among equals, it is the one with which most rows
/// have as many cells as the header. `columns` is the number of columns of a file without a header.
pub(super) fn detect(sample: &[u8], wanted: &[&str], columns: Option<usize>) -> Delimiter {
    let score = |delimiter: &Delimiter| {
        let mut rows = Rows::new(sample, *delimiter);
        if let Some(columns) = columns {
            return (0, rows.count_with(columns), 0);
        }
        let Some(header) = rows.header() else { return (0, 0, 0) };
        let found = wanted.iter().filter(|name| header.find(name).is_ok()).count();
        let columns = header.len();
        (found, if columns > 1 { rows.count_with(columns) } else { 0 }, columns)
    };
    // `max_by_key` returns the last of equals, and the first candidate is the likeliest.
    Delimiter::CANDIDATES.into_iter().rev().max_by_key(score).unwrap_or(Delimiter::COMMA)
}

/// The rows of a sample, cut by one delimiter.
struct Rows<'s> {
    records: Records<&'s [u8]>,
    text: Vec<u8>,
    ends: Vec<usize>,
}

impl<'s> Rows<'s> {
    fn new(sample: &'s [u8], delimiter: Delimiter) -> Self {
        let records = Records::new(sample, delimiter.byte(), LineEnd::of(sample));
        Self { records, text: Vec::new(), ends: Vec::new() }
    }

    fn read(&mut self) -> bool {
        self.records.read(&mut self.text, &mut self.ends).unwrap_or(false)
    }

    fn header(&mut self) -> Option<Header> {
        if !self.read() {
            return None;
        }
        let begins = std::iter::once(&0).chain(&self.ends);
        let cells = begins.zip(&self.ends).map(|(begin, end)| self.text.get(*begin..*end));
        let cells: Vec<_> = cells.map(|cell| String::from_utf8_lossy(cell.unwrap_or_default())).collect();
        Some(Header::new(cells.iter().map(AsRef::as_ref)))
    }

    /// Counts those of the next rows that have so many cells.
    fn count_with(&mut self, columns: usize) -> usize {
        let cells = (0..ROWS).map_while(|_| self.read().then_some(self.ends.len()));
        cells.filter(|cells| *cells == columns).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefers_the_delimiter_that_finds_the_wanted_columns() {
        let wanted = ["EMail", "City"];
        for (sample, delimiter) in [
            ("EMail,City\na@b.co,Köln\n", b','),
            ("EMail;City\na@b.co;\"a,b;c\"\n", b';'),
            ("EMail\tCity\na@b.co\tx\n", b'\t'),
            ("EMail|City\na@b.co|x\n", b'|'),
            ("EMail;City;Notes,more,words\na@b.co;x;1\n", b';'),
            ("EMail\na@b.co\n", b','),
            ("", b','),
        ] {
            assert_eq!(detect(sample.as_bytes(), &wanted, None).byte(), delimiter, "{sample}");
        }
    }

    #[test]
    fn prefers_even_rows_if_no_wanted_column_is_found() {
        let sample = "a;b;c\n1,5;2,5;3,5\n1,0;2,0;3,0\n";
        assert_eq!(detect(sample.as_bytes(), &["EMail"], None).byte(), b';');
    }

    #[test]
    fn prefers_the_delimiter_that_gives_every_declared_column() {
        let sample = "1|a@b.co|Köln, am Rhein\n2|b@b.co|Bonn\n";
        assert_eq!(detect(sample.as_bytes(), &["EMail"], Some(3)).byte(), b'|');
    }
}
