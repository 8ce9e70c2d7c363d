//! What an export does with cells that are invalid or empty.

use serde::{Deserialize, Serialize};

/// What to do with a row if a cell does not fit its field.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnInvalid {
    /// Send the contact without the field; the report counts the cell.
    #[default]
    DropField,
    /// Treat the row as invalid.
    RejectRow,
}

/// What an empty cell means.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnEmpty {
    /// The value is unknown: Omnisend keeps what it has.
    #[default]
    Skip,
    /// There is no value: clear the field in Omnisend, if the field's kind can be cleared.
    Clear,
}
