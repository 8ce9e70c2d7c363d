//! What the first bytes of a file tell: what it is, and what separates its columns.

use super::{Delimiter, Header, SourceError};

/// How many rows detection looks at.
const ROWS: usize = 20;

impl Delimiter {
    /// Chooses by the first rows: the delimiter that finds most of the mapping's columns in the header; among
    /// equals, the one that cuts most rows into as many cells as the header has.
    pub(super) fn detect(sample: &[u8], wanted: &[&str]) -> Self {
        let score = |delimiter: &Self| {
            let mut rows = csv::ReaderBuilder::new()
                .delimiter(delimiter.byte())
                .has_headers(false)
                .flexible(true)
                .from_reader(sample)
                .into_byte_records()
                .map_while(Result::ok);
            let Some(first) = rows.next() else { return (0, 0, 0) };
            let cells: Vec<_> = first.iter().map(String::from_utf8_lossy).collect();
            let header = Header::new(cells.iter().map(AsRef::as_ref));
            let found = wanted.iter().filter(|name| header.find(name).is_ok()).count();
            let even = rows.take(ROWS).filter(|row| row.len() == header.len()).count();
            let columns = header.len();
            (found, if columns > 1 { even } else { 0 }, columns)
        };
        // `max_by_key` keeps the last of equals, and the first candidate is the likeliest.
        let best = Self::CANDIDATES.into_iter().rev().max_by_key(score);
        best.unwrap_or(Self::CANDIDATES[0])
    }
}

/// Whether the first row names these columns, in this order: no row of a person does.
pub(super) fn begins_with(sample: &[u8], delimiter: Delimiter, columns: &Header) -> bool {
    let mut rows = csv::ReaderBuilder::new()
        .delimiter(delimiter.byte())
        .has_headers(false)
        .flexible(true)
        .from_reader(sample)
        .into_byte_records();
    let Some(Ok(first)) = rows.next() else { return false };
    let cells: Vec<_> = first.iter().map(String::from_utf8_lossy).collect();
    Header::new(cells.iter().map(AsRef::as_ref)) == *columns
}

/// Takes the UTF-8 byte order mark off, and refuses what is plainly not CSV text in UTF-8.
pub(super) fn text(sample: &[u8]) -> Result<&[u8], SourceError> {
    let refuse = |format, advice| Err(SourceError::NotCsv { format, advice });
    match sample {
        [0xef, 0xbb, 0xbf, rest @ ..] => Ok(rest),
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => refuse("UTF-16 text", "save it as CSV UTF-8"),
        [0x1f, 0x8b, ..] => refuse("a gzip file", "unpack it"),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => refuse("a zstd file", "unpack it"),
        [b'P', b'K', 3, 4, ..] => refuse("a ZIP archive or an Excel workbook", "save it as CSV UTF-8"),
        [b'P', b'A', b'R', b'1', ..] => refuse("a Parquet file", "write the segment as CSV"),
        other => Ok(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delimiter_that_finds_the_mapped_columns_wins() {
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
            assert_eq!(Delimiter::detect(sample.as_bytes(), &wanted).byte(), delimiter, "{sample}");
        }
    }

    #[test]
    fn even_rows_decide_where_no_column_is_found() {
        let sample = "a;b;c\n1,5;2,5;3,5\n1,0;2,0;3,0\n";
        assert_eq!(Delimiter::detect(sample.as_bytes(), &["EMail"]).byte(), b';');
    }

    #[test]
    fn other_formats_are_named() {
        let named = |bytes: &[u8]| text(bytes).unwrap_err().to_string();
        assert_eq!(
            named(b"PK\x03\x04..."),
            "this is a ZIP archive or an Excel workbook, not CSV text in UTF-8; save it as CSV UTF-8"
        );
        assert_eq!(named(b"\x1f\x8b\x08"), "this is a gzip file, not CSV text in UTF-8; unpack it");
        assert_eq!(text(b"\xef\xbb\xbfEMail").unwrap(), b"EMail");
    }
}
