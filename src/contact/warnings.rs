//! Counts cells that were left out of contacts.

use std::collections::BTreeMap;

use super::{consent::InvalidConsent, invalid_cell::InvalidCell};

/// How many cells were left out, by the field's name and the reason.
pub type WarningCounts = BTreeMap<String, BTreeMap<String, u64>>;

/// How many cells did not fit their field, by field and reason.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Warnings {
    /// By the field's position among the mapping's fields and custom properties.
    cells: BTreeMap<(usize, InvalidCell), u64>,
    consent: BTreeMap<InvalidConsent, u64>,
}

impl Warnings {
    pub(super) fn count(&mut self, field: usize, reason: InvalidCell) {
        *self.cells.entry((field, reason)).or_default() += 1;
    }

    pub(super) fn count_consent(&mut self, invalid: &[InvalidConsent]) {
        for invalid in invalid {
            *self.consent.entry(*invalid).or_default() += 1;
        }
    }

    /// Returns the counts by name. `names` are the names of the mapping's fields and custom properties, in order.
    pub(super) fn named(&self, names: &[String]) -> WarningCounts {
        let cells = self.cells.iter().filter_map(|((field, reason), count)| {
            Some((names.get(*field)?.clone(), reason.to_string(), *count))
        });
        let consent = self.consent.iter().map(|(cell, count)| (cell.name(), cell.warning(), *count));
        let mut counts = WarningCounts::new();
        for (name, reason, count) in cells.chain(consent) {
            counts.entry(name).or_default().insert(reason, count);
        }
        counts
    }
}
