//! Whether a field takes a cell, without a contact around it.

use super::{Field, Kind};

impl Field {
    /// Whether a trimmed cell that is not empty is sent, and not left out, where the export says nothing of the field
    /// but its column.
    pub fn takes(self, cell: &str) -> bool {
        Kind::of(self).check(cell).is_ok()
    }
}
