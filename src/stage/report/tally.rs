//! Counts the rows and contacts that did not arrive, by reason.

use std::{cmp::Reverse, collections::BTreeMap};

use super::reject::Reject;
use crate::run::{Reason, RowOutcome};

/// The most reasons that the report lists; the rejects name the reason of each row.
const MAX_REASONS: usize = 50;

/// How many rejects have each outcome and code.
#[derive(Debug, Default)]
pub(super) struct Tally {
    counts: BTreeMap<(RowOutcome, String), Count>,
}

#[derive(Debug)]
struct Count {
    rejects: u64,
    /// The reason of the first one.
    reason: String,
}

impl Tally {
    pub(super) fn add(&mut self, reject: &Reject<'_>) {
        let new = || Count { rejects: 0, reason: reject.reason.to_owned() };
        self.counts.entry((reject.outcome, reject.code.to_owned())).or_insert_with(new).rejects += 1;
    }

    /// Returns the reasons, most frequent first.
    pub(super) fn reasons(self) -> Vec<Reason> {
        let reason = |((outcome, code), count): ((RowOutcome, String), Count)| Reason {
            outcome,
            code,
            reason: count.reason,
            count: count.rejects,
        };
        let mut reasons: Vec<Reason> = self.counts.into_iter().map(reason).collect();
        reasons.sort_by_key(|reason| Reverse(reason.count));
        reasons.truncate(MAX_REASONS);
        reasons
    }
}
