//! Whether a field takes a cell, without a contact around it.

use super::{Field, normalise};

impl Field {
    /// Whether a trimmed cell that is not empty is sent, and not left out.
    pub fn takes(self, cell: &str) -> bool {
        normalise::field(self, cell).is_some()
    }
}
