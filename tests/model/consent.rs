//! The rules of consent: an opt-out wins, and an opt-in must be newer than the known opt-out.

use crate::operations::Statement;

/// Returns the later of two opt-outs. An opt-out without a day may be later than any other.
fn later(a: Option<Statement>, b: Option<Statement>) -> Option<Statement> {
    match (a, b) {
        (Some(a), Some(b)) if a.day.is_some() && (b.day.is_none() || b.day > a.day) => Some(b),
        (Some(a), _) => Some(a),
        (None, b) => b,
    }
}

pub(crate) fn opt_out(statement: Option<Statement>) -> Option<Statement> {
    statement.filter(|statement| statement.opted_out)
}

pub(crate) fn latest(opt_outs: impl IntoIterator<Item = Option<Statement>>) -> Option<Statement> {
    opt_outs.into_iter().map(opt_out).fold(None, later)
}

/// Returns the consent that is sent for a row, given the other opt-outs of the person (`others`) and the consent that was
/// last sent (`known`).
pub(crate) fn sent(
    row: Option<Statement>,
    others: Option<Statement>,
    known: Option<Statement>,
) -> Option<Statement> {
    if latest([row, others]).is_some() {
        // Never older than the last one sent: an opt-in between the two would override it later.
        return latest([row, others, known]);
    }
    let (row, before) = (row.filter(|row| row.day.is_some()), opt_out(known));
    row.filter(|row| before.is_none_or(|before| before.day.is_some_and(|day| row.day > Some(day))))
}
