//! The rule that consent only ever gets stricter, unless somebody plainly said otherwise later. Pure.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Whether a channel may be written to. The stricter, the greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Status {
    /// The person agreed.
    Subscribed,
    /// The person neither agreed nor opted out.
    NonSubscribed,
    /// The person opted out.
    Unsubscribed,
}

/// A status, and since when, as the API takes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Statement {
    /// The status.
    pub status: Status,
    /// Since when. Nobody knows how old a statement without a date is: it counts as newer than any other.
    #[serde(default, rename = "statusChangedAt", skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
}

/// What is to be sent of a channel of a contact, if anything.
///
/// `row` is what the contact's own row says, `opt_out` the latest opt-out in the other rows of its address, `known`
/// what was known of it before. An opt-out in any row is sent, and never as an older one than is known: an opt-in from
/// between the two would override it one day. Anything else is sent with its date only, and over something stricter
/// only where it is newer.
pub fn decide(
    row: Option<Statement>,
    opt_out: Option<Statement>,
    known: Option<Statement>,
) -> Option<Statement> {
    let opted_out = |said: Option<Statement>| said.filter(|said| said.status == Status::Unsubscribed);
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

/// The latest of two opt-outs. One without a date may be as late as any.
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
        // Few moments, so that many are equal.
        let at = prop::option::of((0_i64..5).prop_map(|day| Timestamp::from_second(day * 86_400).unwrap()));
        (status, at).prop_map(|(status, at)| Statement { status, at })
    }

    fn said() -> impl Strategy<Value = Option<Statement>> {
        prop::option::of(statement())
    }

    fn opt_outs(rows: &[Option<Statement>]) -> Option<Statement> {
        let opt_outs = rows.iter().map(|row| row.filter(|row| row.status == Status::Unsubscribed));
        opt_outs.fold(None, latest_opt_out)
    }

    proptest! {
        #[test]
        fn nobody_is_subscribed_over_an_opt_out_that_is_newer_or_has_no_date(
            row in said(), opt_out in said(), known in said(),
        ) {
            let opt_out = opt_outs(&[opt_out]);
            let sent = decide(row, opt_out, known);
            if let Some(sent) = sent.filter(|sent| sent.status != Status::Unsubscribed) {
                prop_assert!(opt_out.is_none());
                prop_assert!(sent.at.is_some(), "a date is never missing");
                if let Some(known) = known.filter(|known| known.status == Status::Unsubscribed) {
                    prop_assert!(known.at.is_some_and(|known| Some(known) < sent.at));
                }
            }
        }

        #[test]
        fn an_opt_out_is_always_sent(rows in prop::collection::vec(said(), 1..6), known in said()) {
            if let Some(opt_out) = opt_outs(&rows) {
                let latest = latest_opt_out(Some(opt_out), opt_outs(&[known]));
                prop_assert_eq!(decide(rows[0], opt_outs(&rows[1..]), known), latest);
            }
        }

        #[test]
        fn the_order_of_rows_does_not_matter_for_an_opt_out(
            rows in prop::collection::vec(said(), 1..6).prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle())),
            known in said(),
        ) {
            let of = |rows: &[Option<Statement>]| decide(rows[0], opt_outs(&rows[1..]), known);
            if opt_outs(&rows.0).is_some() {
                prop_assert_eq!(of(&rows.0), of(&rows.1));
            }
        }

        #[test]
        fn what_was_sent_is_sent_the_same_again(row in said(), opt_out in said(), known in said()) {
            let opt_out = opt_outs(&[opt_out]);
            if let sent @ Some(_) = decide(row, opt_out, known) {
                prop_assert_eq!(decide(row, opt_out, sent), sent);
                prop_assert_eq!(decide(sent, opt_out, sent), sent);
            }
        }

        #[test]
        fn nothing_is_sent_that_no_row_says(row in said(), opt_out in said(), known in said()) {
            let opt_out = opt_outs(&[opt_out]);
            let sent = decide(row, opt_out, known);
            let is_known = opt_outs(&[row, opt_out]).is_some() && sent == opt_outs(&[known]);
            prop_assert!(sent.is_none() || sent == row || sent == opt_out || is_known);
        }
    }

    #[test]
    fn an_opt_in_counts_where_it_is_newer_than_what_is_known() {
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
            assert_eq!(decide(row, other_row, known), sent, "{row:?}, {other_row:?}, {known:?}");
        }
    }
}
