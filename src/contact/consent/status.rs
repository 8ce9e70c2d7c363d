//! Consent statuses, and which of several is sent: consent only gets stricter, unless a person gave it again later.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Whether messages may be sent to a channel, ordered from the most permissive to the strictest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Status {
    Subscribed,
    /// The person neither agreed nor opted out.
    NonSubscribed,
    Unsubscribed,
}

/// A status with its date, as the API takes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Statement {
    pub status: Status,
    /// When the status was given. A statement without a date counts as newer than any other, since its age is unknown.
    #[serde(default, rename = "statusChangedAt", skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
}

impl Statement {
    pub fn is_opt_out(&self) -> bool {
        self.status == Status::Unsubscribed
    }
}

/// Returns the status to send for a contact's channel, if any.
///
/// `row` is the status in the contact's own row, `opt_out` the latest opt-out in the other rows with its address, and
/// `known` the status known before this run. An opt-out in any row is sent, never with an older date than a known
/// opt-out: otherwise an opt-in with a date between the two could later override it. Any other status is sent only
/// with a date, and replaces a stricter one only if it is newer.
pub fn status_to_send(
    row: Option<Statement>,
    opt_out: Option<Statement>,
    known: Option<Statement>,
) -> Option<Statement> {
    let opted_out = |statement: Option<Statement>| statement.filter(Statement::is_opt_out);
    if let Some(opt_out) = latest_opt_out(opted_out(row), opt_out) {
        return latest_opt_out(Some(opt_out), opted_out(known));
    }
    let row = row?;
    let at = row.at?;
    let is_stricter = |known: &Statement| known.status > row.status;
    match known.filter(is_stricter) {
        Some(known) if known.at.is_none_or(|known| known >= at) => None,
        Some(_) | None => Some(row),
    }
}

/// Returns the later of two opt-outs. One without a date counts as the latest.
pub fn latest_opt_out(a: Option<Statement>, b: Option<Statement>) -> Option<Statement> {
    match (a, b) {
        (Some(a), Some(b)) => {
            Some(if a.at.is_none() || b.at.is_some_and(|b| Some(b) < a.at) { a } else { b })
        }
        (a, b) => a.or(b),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn statement() -> impl Strategy<Value = Statement> {
        let status =
            prop::sample::select(vec![Status::Subscribed, Status::NonSubscribed, Status::Unsubscribed]);
        // Few dates, so that many are equal.
        let at = prop::option::of((0_i64..5).prop_map(|day| Timestamp::from_second(day * 86_400).unwrap()));
        (status, at).prop_map(|(status, at)| Statement { status, at })
    }

    fn maybe_statement() -> impl Strategy<Value = Option<Statement>> {
        prop::option::of(statement())
    }

    fn opt_outs(rows: &[Option<Statement>]) -> Option<Statement> {
        let opt_outs = rows.iter().map(|row| row.filter(Statement::is_opt_out));
        opt_outs.fold(None, latest_opt_out)
    }

    proptest! {
        #[test]
        fn a_newer_or_undated_opt_out_prevents_a_subscription(
            row in maybe_statement(), opt_out in maybe_statement(), known in maybe_statement(),
        ) {
            let opt_out = opt_outs(&[opt_out]);
            let sent = status_to_send(row, opt_out, known);
            if let Some(sent) = sent.filter(|sent| !sent.is_opt_out()) {
                prop_assert!(opt_out.is_none());
                prop_assert!(sent.at.is_some(), "a status without a date is sent");
                if let Some(known) = known.filter(Statement::is_opt_out) {
                    prop_assert!(known.at.is_some_and(|known| Some(known) < sent.at));
                }
            }
        }

        #[test]
        fn an_opt_out_is_always_sent(rows in prop::collection::vec(maybe_statement(), 1..6), known in maybe_statement()) {
            if let Some(opt_out) = opt_outs(&rows) {
                let latest = latest_opt_out(Some(opt_out), opt_outs(&[known]));
                prop_assert_eq!(status_to_send(rows[0], opt_outs(&rows[1..]), known), latest);
            }
        }

        #[test]
        fn row_order_does_not_affect_opt_outs(
            rows in prop::collection::vec(maybe_statement(), 1..6).prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle())),
            known in maybe_statement(),
        ) {
            let of = |rows: &[Option<Statement>]| status_to_send(rows[0], opt_outs(&rows[1..]), known);
            if opt_outs(&rows.0).is_some() {
                prop_assert_eq!(of(&rows.0), of(&rows.1));
            }
        }

        #[test]
        fn sending_again_sends_the_same_status(row in maybe_statement(), opt_out in maybe_statement(), known in maybe_statement()) {
            let opt_out = opt_outs(&[opt_out]);
            if let sent @ Some(_) = status_to_send(row, opt_out, known) {
                prop_assert_eq!(status_to_send(row, opt_out, sent), sent);
                prop_assert_eq!(status_to_send(sent, opt_out, sent), sent);
            }
        }

        #[test]
        fn every_sent_status_comes_from_a_row_or_is_a_known_opt_out(row in maybe_statement(), opt_out in maybe_statement(), known in maybe_statement()) {
            let opt_out = opt_outs(&[opt_out]);
            let sent = status_to_send(row, opt_out, known);
            let is_known = opt_outs(&[row, opt_out]).is_some() && sent == opt_outs(&[known]);
            prop_assert!(sent.is_none() || sent == row || sent == opt_out || is_known);
        }
    }

    #[test]
    fn an_opt_in_is_sent_only_if_it_is_newer_than_a_known_opt_out() {
        let at = |day: &str| Some(day.parse::<Timestamp>().unwrap());
        let (older, newer) = (at("2024-01-01T00:00:00Z"), at("2025-01-01T00:00:00Z"));
        let of = |status, at| Some(Statement { status, at });
        let opt_in = |at| of(Status::Subscribed, at);
        let opt_out = |at| of(Status::Unsubscribed, at);
        for (row, other_row, known, sent) in [
            (opt_in(newer), None, None, opt_in(newer)),
            (opt_in(None), None, None, None),
            (opt_in(newer), None, opt_out(older), opt_in(newer)),
            (opt_in(older), None, opt_out(newer), None),
            (opt_in(older), None, opt_out(older), None),
            (opt_in(newer), None, opt_out(None), None),
            (opt_in(older), None, of(Status::NonSubscribed, newer), None),
            (opt_in(older), None, opt_in(newer), opt_in(older)),
            (opt_in(newer), opt_out(older), None, opt_out(older)),
            (opt_out(older), opt_out(newer), opt_in(newer), opt_out(newer)),
            (opt_out(older), opt_out(None), None, opt_out(None)),
            (opt_out(None), None, opt_in(newer), opt_out(None)),
            (opt_out(older), None, opt_out(newer), opt_out(newer)),
            (opt_in(newer), opt_out(older), opt_out(None), opt_out(None)),
            (of(Status::NonSubscribed, older), None, opt_out(newer), None),
            (of(Status::NonSubscribed, older), None, opt_in(newer), of(Status::NonSubscribed, older)),
            (None, opt_out(older), None, opt_out(older)),
            (None, None, opt_in(newer), None),
        ] {
            assert_eq!(status_to_send(row, other_row, known), sent, "{row:?}, {other_row:?}, {known:?}");
        }
    }
}
