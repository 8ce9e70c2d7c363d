//! Checks after every settled run.

use std::collections::BTreeSet;

use omnisend_export::run::{Report, State};

use crate::omnisend::Seen;
use crate::{brand::Brand, model::Counts};

/// Fails unless Omnisend has the same contacts as the model.
pub(crate) fn same_brand(found: &Brand, expected: &Brand) {
    if found == expected {
        return;
    }
    let emails: BTreeSet<_> = found.keys().chain(expected.keys()).collect();
    let differ = emails.into_iter().filter(|email| found.get(*email) != expected.get(*email));
    let difference = |email: &String| {
        format!("{email}:\n  found    {:?}\n  expected {:?}", found.get(email), expected.get(email))
    };
    let differences: Vec<String> = differ.map(difference).collect();
    panic!("Omnisend's contacts differ from the model's:\n{}", differences.join("\n"));
}

/// Fails unless the report has the model's counts and the matching state.
pub(crate) fn same_counts(report: &Report, expected: Counts) {
    let (planned, settled) = (report.counts.planned(), report.counts.settled());
    let found = Counts {
        read: planned.read,
        invalid: planned.invalid,
        duplicate: planned.duplicate,
        unchanged: planned.unchanged,
        sent: planned.sent,
        accepted: settled.accepted,
        rejected: settled.rejected,
    };
    assert_eq!(found, expected, "found, expected, of {:?}", report.mode);
    assert_eq!((settled.unknown, planned.filtered), (0, 0), "unknown, filtered");
    let state = match expected {
        Counts { rejected, invalid, .. } if rejected > 0 || invalid > 0 => [State::Partial, State::Failed],
        _ => [State::Succeeded, State::Skipped],
    };
    assert!(state.contains(&report.state), "{:?}: {:?}", report.state, report.message);
}

/// Fails unless the invariants of every run hold.
pub(crate) fn invariants(seen: &Seen) {
    assert_eq!(seen.welcome_mails, 0, "welcome messages were sent");
    assert_eq!(seen.throttled, 0, "a limit was broken");
    let mut segments = seen.segments.clone();
    segments.sort();
    segments.dedup();
    assert_eq!(segments.len(), seen.segments.len(), "a segment was created twice: {:?}", seen.segments);
}
