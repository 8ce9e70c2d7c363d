//! The columns that a producer declares.

/// A column as a producer declares it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// The name of the column.
    pub name: String,
    /// The type of its values.
    pub kind: ColumnKind,
}

/// The type of the values of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnKind {
    /// Text, and any type that is not listed here.
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

impl ColumnKind {
    /// Returns the kind of a type as Redshift or the Common Data Model names it.
    pub(super) fn of_type(name: &str) -> Self {
        match name.to_ascii_lowercase().as_str() {
            "smallint" | "integer" | "bigint" | "int16" | "int32" | "int64" | "numeric" | "decimal"
            | "real" | "float" | "double" | "double precision" => Self::Number,
            "boolean" => Self::Boolean,
            "date" => Self::Date,
            "datetime" | "datetimeoffset" => Self::Instant,
            name if name.starts_with("timestamp") => Self::Instant,
            _ => Self::Text,
        }
    }
}
