//! Consent, as plain as it can be said: an opt-out wins, and an opt-in has to be newer than what is known.

use crate::operations::Statement;

/// The later of two opt-outs; one of which nobody knows the day may be as late as any.
fn later(a: Option<Statement>, b: Option<Statement>) -> Option<Statement> {
    match (a, b) {
        (Some(a), Some(b)) if a.day.is_some() && (b.day.is_none() || b.day > a.day) => Some(b),
        (Some(a), _) => Some(a),
        (None, b) => b,
    }
}

pub(crate) fn opt_out(said: Option<Statement>) -> Option<Statement> {
    said.filter(|said| said.opted_out)
}

pub(crate) fn latest(opt_outs: impl IntoIterator<Item = Option<Statement>>) -> Option<Statement> {
    opt_outs.into_iter().map(opt_out).fold(None, later)
}

/// What is sent, if anything: of what a row says, of the opt-outs beside it, and of what was sent before.
pub(crate) fn sent(
    row: Option<Statement>,
    beside: Option<Statement>,
    known: Option<Statement>,
) -> Option<Statement> {
    if latest([row, beside]).is_some() {
        // Never an older one than was sent before: an opt-in in between would override it one day.
        return latest([row, beside, known]);
    }
    let (row, before) = (row.filter(|row| row.day.is_some()), opt_out(known));
    row.filter(|row| before.is_none_or(|before| before.day.is_some_and(|day| row.day > Some(day))))
}
