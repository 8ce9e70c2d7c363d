//! What the guards are asked before a plan is written.

use super::{Request, prepare::Prepared};
use crate::run::{Guard, Numbers, decide};

/// What the snapshot tells of the run that was settled last.
#[derive(Debug, Clone, Copy)]
pub(super) struct Since {
    /// Contacts that it has of the segments that are run now.
    pub members: u64,
    /// Of them, those that would lose a tag.
    pub removals: u64,
}

/// The guards that stop the run. `since` is `None` where there is no snapshot yet.
pub(super) fn stop(request: &Request, prepared: &Prepared, since: Option<Since>) -> Vec<Guard> {
    let planned = &prepared.planned;
    let numbers = Numbers {
        read: planned.read,
        filtered: planned.filtered,
        invalid: planned.invalid,
        members: planned.sent + planned.unchanged,
        cut_short: prepared.cut_short,
        last: since.map(|since| since.members),
        removals: since.map_or(0, |since| since.removals),
    };
    decide(&numbers, request.export.guards(), &request.allowed)
}
