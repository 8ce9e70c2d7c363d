//! Cells that were left out of contacts, counted.

use super::{Flaw, consent::ConsentWarnings};
use crate::run::ByReason;

/// How many cells their fields did not take, by field and reason.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Warnings {
    counts: Vec<[u64; Flaw::ALL.len()]>,
    pub(super) consent: ConsentWarnings,
}

impl Warnings {
    /// One more of a field, by its place among the mapping's.
    pub(super) fn count(&mut self, field: usize, flaw: Flaw) {
        if self.counts.len() <= field {
            self.counts.resize(field + 1, [0; Flaw::ALL.len()]);
        }
        if let Some(count) = self.counts.get_mut(field).and_then(|counts| counts.get_mut(flaw as usize)) {
            *count += 1;
        }
    }

    /// The counts by what a person calls the field, and by reason.
    pub(super) fn named(&self, names: impl Iterator<Item = String>) -> ByReason {
        let fields = names.zip(&self.counts).flat_map(|(name, counts)| {
            let reasons = Flaw::ALL.iter().zip(counts);
            reasons.map(move |(flaw, count)| (name.clone(), flaw.to_string(), *count))
        });
        let mut all = ByReason::new();
        for (name, reason, count) in fields.chain(self.consent.named()).filter(|(.., count)| *count > 0) {
            all.entry(name).or_default().insert(reason, count);
        }
        all
    }
}
