//! What producers write beside the files of a segment: lists of them, and what the files hold. Pure: text in, values
//! out; whether the files are there, the plan looks.

mod manifest;
mod model;
mod tail;

pub use self::{
    manifest::{Entry, Manifest},
    model::{Model, Partition, Table, Written},
    tail::{Found, find_below, url_path},
};

/// A column as a producer declares it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// What its cells are.
    pub kind: ColumnKind,
}

/// What the cells of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnKind {
    /// Text, and whatever is none of the others.
    Text,
    /// A whole or decimal number.
    Number,
    /// True or false.
    Boolean,
    /// A day.
    Date,
    /// A day and a time.
    Instant,
}

/// Why a list of files cannot be read. Nothing of its drop is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unreadable(String);

impl Unreadable {
    fn because(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}
