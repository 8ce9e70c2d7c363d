//! Finds out why a first line is not the header that a mapping needs.

use super::{line_end::LineEnd, records::Records};
use crate::{cells::Cells, delimiter::Delimiter, error::ReadError, header::Header};

/// The rows that are searched for a header. A report has few lines above it.
const ROWS: usize = 50;

/// Returns an error if the wanted columns are in a later line, or if the first line seems to be data. `before` is the number
/// of lines before the header that are known not to be rows.
pub(super) fn misplaced(
    sample: &[u8],
    delimiters: &[Delimiter],
    wanted: &[&str],
    before: usize,
) -> Option<ReadError> {
    let has_all = |header: &Header| wanted.iter().all(|name| header.find(name).is_ok());
    let has_any = |header: &Header| wanted.iter().any(|name| header.find(name).is_ok());
    let first = delimiters.iter().map(|delimiter| headers(sample, *delimiter).nth(before));
    let first: Vec<Header> = first.flatten().map(|(_, header)| header).collect();
    if wanted.is_empty() || first.iter().any(has_all) {
        return None;
    }
    let later = |delimiter: &Delimiter| {
        headers(sample, *delimiter).skip(before + 1).take(ROWS).find(|(_, header)| has_all(header))
    };
    if let Some((line, _)) = delimiters.iter().find_map(later) {
        return Some(ReadError::LinesAboveHeader { line });
    }
    (!first.iter().any(has_any) && first.iter().any(Header::is_data)).then_some(ReadError::NoHeader)
}

/// Returns each record as if it were the header, and its line.
fn headers(sample: &[u8], delimiter: Delimiter) -> impl Iterator<Item = (u64, Header)> {
    let mut records = Records::new(sample, delimiter.byte(), LineEnd::of(sample));
    let records = std::iter::from_fn(move || {
        let (mut text, mut ends) = (Vec::new(), Vec::new());
        let is_there = records.read(&mut text, &mut ends).unwrap_or(false);
        is_there.then(|| (records.record_line(), Cells::from_parts(text, ends)))
    });
    records.map(|(line, cells)| (line, cells.map_or(Header::new([]), |cells| Header::new(cells.iter()))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(file: &str) -> Option<String> {
        misplaced(file.as_bytes(), &Delimiter::CANDIDATES, &["EMail", "City"], 0)
            .map(|error| error.to_string())
    }

    #[test]
    fn finds_the_header_below_other_lines() {
        let below = |line: u64| Some(format!("line {line} looks like the header; remove the lines above it"));
        assert_eq!(message("Report: VIP, 2026\n\nEMail;City\na@b.co;x\n"), below(3));
        assert_eq!(message("# a comment\n# \"another\", one\nEMail,City\n"), below(3));
        assert_eq!(message("Report,\nEMail,City\na@b.co,x\n"), below(2));
        assert_eq!(message("EMail,City\nEMail,City\n"), None);
        assert_eq!(message("EMail,Town\na@b.co,x\n"), None);
    }

    #[test]
    fn recognises_a_first_line_of_data() {
        let no_header = "the first line seems to be a row of data, not column names; write the file with a header, or name \
                         its columns in order: `columns = [\"…\", \"…\"]`";
        assert_eq!(message("a@b.co,x\nb@b.co,y\n").as_deref(), Some(no_header));
        assert_eq!(message("1001,2024-05-06,x\n").as_deref(), Some(no_header));
        assert_eq!(message("EMail,a@b.co\n"), None, "one name is right");
        assert_eq!(message("Mail,Town\n"), None);
    }
}
