//! What the first rows of a CSV file tell: what separates its columns.

use crate::{delimiter::Delimiter, header::Header};

/// How many rows detection looks at.
const ROWS: usize = 20;

impl Delimiter {
    /// Chooses by the first rows: the delimiter that finds most of the mapping's columns in the header; among
    /// equals, the one that cuts most rows into as many cells as the header has. A file without a header has the
    /// number of `columns` that was declared.
    pub(crate) fn detect(sample: &[u8], wanted: &[&str], columns: Option<usize>) -> Self {
        let score = |delimiter: &Self| {
            let mut rows = csv::ReaderBuilder::new()
                .delimiter(delimiter.byte())
                .has_headers(false)
                .flexible(true)
                .from_reader(sample)
                .into_byte_records()
                .map_while(Result::ok);
            if let Some(columns) = columns {
                let even = rows.take(ROWS).filter(|row| row.len() == columns).count();
                return (0, even, 0);
            }
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
            assert_eq!(Delimiter::detect(sample.as_bytes(), &wanted, None).byte(), delimiter, "{sample}");
        }
    }

    #[test]
    fn even_rows_decide_where_no_column_is_found() {
        let sample = "a;b;c\n1,5;2,5;3,5\n1,0;2,0;3,0\n";
        assert_eq!(Delimiter::detect(sample.as_bytes(), &["EMail"], None).byte(), b';');
    }

    #[test]
    fn without_a_header_the_delimiter_that_gives_every_column_wins() {
        let sample = "1|a@b.co|Köln, am Rhein\n2|b@b.co|Bonn\n";
        assert_eq!(Delimiter::detect(sample.as_bytes(), &["EMail"], Some(3)).byte(), b'|');
    }
}
