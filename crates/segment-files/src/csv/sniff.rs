//! Detects the delimiter of a CSV file by its first rows.

use super::{line_end::LineEnd, records::Records};
use crate::{cells::Cells, delimiter::Delimiter, header::Header};

/// How many rows after the header are examined.
const ROWS: usize = 20;

/// Returns the delimiter of a first line such as `sep=;`, which some programs write for Excel, perhaps in quotes.
pub(super) fn declared(text: &[u8]) -> Option<Delimiter> {
    let ([b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', byte, b'\r' | b'\n', ..]
    | [b'"', b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', byte, b'"', b'\r' | b'\n', ..]) = text
    else {
        return None;
    };
    Delimiter::try_from(char::from(*byte).to_string()).ok()
}

/// Returns the delimiter with which most wanted columns are in the header. Among equals, it is the one with which most rows
/// have as many cells as the header. If no row has, the first line may be a title above the header: then it is the one with
/// which most rows have as many cells as the last one, more than one. `columns` is the number of columns of a file without
/// a header.
pub(super) fn detect(sample: &[u8], wanted: &[&str], columns: Option<usize>) -> Delimiter {
    let score = |delimiter: &Delimiter| {
        let mut records = Records::new(sample, delimiter.byte(), LineEnd::of(sample));
        let mut next = || {
            let (mut text, mut ends) = (Vec::new(), Vec::new());
            records.read(&mut text, &mut ends).unwrap_or(false).then_some((text, ends))
        };
        let header = match columns {
            Some(_) => None,
            None => next().and_then(|(text, ends)| Cells::from_parts(text, ends).ok()),
        };
        let header = header.map(|cells| Header::new(cells.iter()));
        let found = |header: &Header| wanted.iter().filter(|name| header.find(name).is_ok()).count();
        let found = header.as_ref().map_or(0, found);
        let expected = columns.or(header.map(|header| header.len())).unwrap_or_default();
        let counts: Vec<usize> = (0..ROWS).map_while(|_| next()).map(|(_, ends)| ends.len()).collect();
        let rows_of = |cells: usize| counts.iter().filter(|count| **count == cells).count();
        // A header of one column fits every delimiter that the file does not have.
        let rows = if expected > 1 || columns.is_some() { rows_of(expected) } else { 0 };
        let last = counts.last().copied().unwrap_or_default();
        let below_title = if rows == 0 && last > 1 { rows_of(last) } else { 0 };
        (found, rows, below_title, expected)
    };
    // `max_by_key` returns the last maximum, and the first candidate is the likeliest.
    Delimiter::CANDIDATES.into_iter().rev().max_by_key(score).unwrap_or(Delimiter::COMMA)
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
    fn looks_below_a_title() {
        for delimiter in [',', ';', '|'] {
            let sample = format!("Customers; and others\n\nEMail{delimiter}City\na@b.co{delimiter}x\n");
            assert_eq!(char::from(detect(sample.as_bytes(), &[], None).byte()), delimiter);
        }
    }

    #[test]
    fn prefers_the_delimiter_that_gives_every_declared_column() {
        let sample = "1|a@b.co|Köln, am Rhein\n2|b@b.co|Bonn\n";
        assert_eq!(detect(sample.as_bytes(), &["EMail"], Some(3)).byte(), b'|');
    }
}
