//! Generates segment files whose counts are known.

/// The domain of every address. Only files for people, such as rejects, may show it.
pub(crate) const CANARY: &str = "canary.example";

pub(crate) fn address(n: u64) -> String {
    format!("person{n:06}@{CANARY}")
}

/// A segment file and its counts.
#[derive(Debug, Clone)]
pub(crate) struct Segment {
    pub bytes: Vec<u8>,
    pub rows: u64,
    pub invalid: u64,
    pub duplicate: u64,
}

impl Segment {
    /// Returns `n` people, each with an address and a first name.
    pub(crate) fn people(n: u64) -> Self {
        let rows = (0..n).map(|n| format!("{},Person {n}", address(n)));
        let lines: Vec<String> = ["EMail,FirstName".to_owned()].into_iter().chain(rows).collect();
        Self::clean(lines.join("\n") + "\n", n)
    }

    /// Returns a file whose rows are all valid and unique.
    pub(crate) fn clean(bytes: impl Into<Vec<u8>>, rows: u64) -> Self {
        Self { bytes: bytes.into(), rows, invalid: 0, duplicate: 0 }
    }

    pub(crate) fn with(self, invalid: u64, duplicate: u64) -> Self {
        Self { invalid, duplicate, ..self }
    }
}

/// Returns a cell, quoted as CSV needs it.
pub(crate) fn quoted(cell: &str, delimiter: char) -> String {
    if cell.contains([delimiter, '"', '\n', '\r']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}
