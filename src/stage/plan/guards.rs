//! What the guards are asked before a plan is written.

use super::{Request, prepare::Prepared};
use crate::run::{Guard, GuardNumbers, decide};

/// What the snapshot tells of the run that was settled last.
#[derive(Debug, Clone, Copy)]
pub(super) struct Since {
    /// Contacts that each of the segments that are run now had, added up.
    pub members: u64,
    /// Of them, those that would lose a tag.
    pub removals: u64,
}

/// The guards that stop the run. `since` is `None` where there is nothing to compare with: no snapshot yet, or the run
/// reads no segment.
pub(super) fn stop(request: &Request, prepared: &Prepared, since: Option<Since>) -> Vec<Guard> {
    let planned = &prepared.planned;
    let numbers = GuardNumbers {
        read: planned.read,
        filtered: planned.filtered,
        invalid: planned.invalid,
        contacts: planned.sent + planned.unchanged,
        members: prepared.with_tag.iter().sum(),
        cut_short: prepared.cut_short,
        last: since.map(|since| since.members),
        removals: since.map_or(0, |since| since.removals),
    };
    decide(&numbers, request.export.guards(), &request.allowed)
}
