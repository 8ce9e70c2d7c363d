//! How a segment's files are to be read: what an export says of them. What it does not say is found out from each
//! file.

use super::Delimiter;

/// How files are read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reading {
    /// What stands between two cells of a CSV file; `None`: found out.
    pub delimiter: Option<Delimiter>,
    /// The columns, of files that may have no header: a first row that repeats them is one. `None`: the first row of
    /// each names them.
    pub columns: Option<Vec<String>>,
}
