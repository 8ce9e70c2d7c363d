//! Columns as producers declare them.

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
