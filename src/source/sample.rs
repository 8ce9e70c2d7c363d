//! What the first bytes of a file tell: what it is, and what separates its columns.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Header, SourceError};

/// What separates the columns of a CSV file: one ASCII byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Delimiter(u8);

/// What detection chooses from; the first wins where they are equal.
const CANDIDATES: [Delimiter; 4] = [Delimiter(b','), Delimiter(b';'), Delimiter(b'\t'), Delimiter(b'|')];

/// How many rows detection looks at.
const ROWS: usize = 20;

impl Delimiter {
    /// A comma.
    pub const COMMA: Self = Self(b',');

    /// Takes a byte that can separate columns: ASCII, and neither a quote, a line end, a letter nor a digit.
    pub fn new(byte: u8) -> Option<Self> {
        let taken = byte.is_ascii_alphanumeric() || matches!(byte, b'"' | b'\r' | b'\n' | 0);
        (byte.is_ascii() && !taken).then_some(Self(byte))
    }

    /// The byte itself.
    pub fn byte(self) -> u8 {
        self.0
    }

    /// Chooses by the first rows: the delimiter that finds most of the mapping's columns in the header; among
    /// equals, the one that cuts most rows into as many cells as the header has.
    pub(super) fn detect(sample: &[u8], wanted: &[&str]) -> Self {
        let score = |delimiter: &Self| {
            let mut rows = csv::ReaderBuilder::new()
                .delimiter(delimiter.0)
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
        CANDIDATES.into_iter().rev().max_by_key(score).unwrap_or(Self::COMMA)
    }
}

impl fmt::Display for Delimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            b'\t' => f.write_str("tab"),
            byte => write!(f, "`{}`", char::from(byte)),
        }
    }
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
            assert_eq!(Delimiter::detect(sample.as_bytes(), &wanted), Delimiter(delimiter), "{sample}");
        }
    }

    #[test]
    fn even_rows_decide_where_no_column_is_found() {
        let sample = "a;b;c\n1,5;2,5;3,5\n1,0;2,0;3,0\n";
        assert_eq!(Delimiter::detect(sample.as_bytes(), &["EMail"]), Delimiter(b';'));
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

    #[test]
    fn a_delimiter_cannot_be_part_of_a_value() {
        assert_eq!(Delimiter::new(b';').map(Delimiter::byte), Some(b';'));
        for byte in [b'"', b'\n', b'\r', b'a', b'7', 0, 0xe9] {
            assert_eq!(Delimiter::new(byte), None, "{byte}");
        }
    }
}
