//! What became of each contact of one batch, by what Omnisend says of it. Success is only what is said to be
//! one: a count without its items, or items without their count, is unknown.

use std::collections::HashMap;

use crate::{
    omnisend::{BatchItem, BatchItems, BatchState, BatchStatus, ItemOutcome},
    run::{Rejection, Unknown},
};

/// What became of a batch's contacts. Each is in one of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Judged {
    pub accepted: u64,
    pub rejected: Vec<Rejection>,
    pub unknown: Vec<Unknown>,
    /// Those that Omnisend had not come to when it stopped the batch.
    pub unfinished: Vec<u32>,
}

/// A contact of the batch: its place in the chunk, and its address.
pub(super) type Contact<'a> = (u32, &'a str);

/// Judges a batch whose items were asked for.
pub(super) fn by_items(status: &BatchStatus, contacts: &[Contact<'_>], items: BatchItems) -> Judged {
    let errors = by_email(items.errors);
    let responses = by_email(items.responses);
    let mut judged = Judged::default();
    let mut silent = Vec::new();
    for &(place, email) in contacts {
        match (errors.get(email), responses.get(email)) {
            (Some(error), _) => judged.rejected.push(rejection(place, error)),
            (None, Some(answer)) => match answer.outcome() {
                Some(ItemOutcome::Accepted) => judged.accepted += 1,
                Some(ItemOutcome::Refused | ItemOutcome::Failed) => {
                    judged.rejected.push(rejection(place, answer));
                }
                None => silent.push(place),
            },
            (None, None) => silent.push(place),
        }
    }
    if status.state == BatchState::Stopped {
        judged.unfinished = silent;
        return judged;
    }
    // Nothing is said of these one by one. They are taken if the counts leave no other way.
    let every_error_is_named = status.errors_count == Some(judged.rejected.len() as u64);
    let every_item_was_worked_on = status.finished_count == Some(contacts.len() as u64);
    if every_error_is_named && every_item_was_worked_on {
        judged.accepted += silent.len() as u64;
    } else {
        let reason = match status.errors_count {
            Some(count) => format!(
                "Omnisend counts {count} errors in the contact's batch, names {}, and does not say what became \
                 of this contact",
                judged.rejected.len()
            ),
            None => "Omnisend does not say how many contacts of the batch it refused".to_owned(),
        };
        judged.unknown = silent.into_iter().map(|place| Unknown { place, reason: reason.clone() }).collect();
    }
    judged
}

/// Nothing can be said of any contact of a batch.
pub(super) fn nobody_knows(places: Vec<u32>, reason: &str) -> Judged {
    let unknown = places.into_iter().map(|place| Unknown { place, reason: reason.to_owned() });
    Judged { unknown: unknown.collect(), ..Judged::default() }
}

fn by_email(items: Vec<BatchItem>) -> HashMap<String, BatchItem> {
    items.into_iter().filter_map(|item| Some((item.email()?, item))).collect()
}

fn rejection(place: u32, item: &BatchItem) -> Rejection {
    let problem = item.problem();
    Rejection {
        place,
        code: item.code(),
        reason: problem.summary().unwrap_or_else(|| "Omnisend refused it without a reason".to_owned()),
        field: problem.errors.first().and_then(|error| error.field.clone()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn status(state: BatchState, finished: Option<u64>, errors: Option<u64>) -> BatchStatus {
        BatchStatus {
            batch_id: "b1".to_owned(),
            state,
            total_count: Some(3),
            finished_count: finished,
            errors_count: errors,
        }
    }

    fn item(email: &str, code: u16) -> Value {
        json!({
            "itemID": "opaque",
            "request": {"identifiers": [{"type": "email", "id": email}]},
            "responseCode": code,
            "response": {"detail": "plan limit reached", "errors": []},
        })
    }

    #[expect(clippy::needless_pass_by_value, reason = "literals read better at the calls")]
    fn items(responses: Value, errors: Value) -> BatchItems {
        serde_json::from_value(json!({"responses": responses, "errors": errors})).unwrap()
    }

    const CONTACTS: [Contact<'static>; 3] = [(10, "a@b.co"), (11, "b@b.co"), (12, "c@b.co")];

    fn summary(judged: &Judged) -> (u64, Vec<u32>, Vec<u32>, Vec<u32>) {
        let places = |unknown: &Unknown| unknown.place;
        let rejected = judged.rejected.iter().map(|rejection| rejection.place).collect();
        (judged.accepted, rejected, judged.unknown.iter().map(places).collect(), judged.unfinished.clone())
    }

    #[test]
    fn errors_that_are_named_are_rejections_and_the_rest_is_taken() {
        let judged = by_items(
            &status(BatchState::Finished, Some(3), Some(1)),
            &CONTACTS,
            items(json!([]), json!([item("b@b.co", 403)])),
        );
        assert_eq!(summary(&judged), (2, vec![11], vec![], vec![]));
        let rejection = &judged.rejected[0];
        assert_eq!((rejection.code.as_str(), rejection.reason.as_str()), ("403", "plan limit reached"));
    }

    #[test]
    fn a_request_told_as_a_string_of_json_is_the_same() {
        let mut told = item("b@b.co", 400);
        told["request"] = json!(told["request"].to_string());
        told["response"] = json!(told["response"].to_string());
        let judged = by_items(
            &status(BatchState::Finished, Some(3), Some(1)),
            &CONTACTS,
            items(json!([]), json!([told])),
        );
        assert_eq!(summary(&judged), (2, vec![11], vec![], vec![]));
        assert_eq!(judged.rejected[0].reason, "plan limit reached");
    }

    #[test]
    fn a_count_without_items_is_unknown() {
        let judged = by_items(
            &status(BatchState::Finished, Some(3), Some(2)),
            &CONTACTS,
            items(json!(null), json!(null)),
        );
        assert_eq!(summary(&judged), (0, vec![], vec![10, 11, 12], vec![]));
        let judged = by_items(
            &status(BatchState::Finished, Some(3), Some(2)),
            &CONTACTS,
            items(json!([item("a@b.co", 200)]), json!([item("b@b.co", 400)])),
        );
        assert_eq!(summary(&judged), (1, vec![11], vec![12], vec![]));
    }

    #[test]
    fn items_without_a_count_are_what_they_say_and_the_rest_is_unknown() {
        for count in [None, Some(0)] {
            let judged = by_items(
                &status(BatchState::Finished, Some(3), count),
                &CONTACTS,
                items(json!([item("a@b.co", 201), item("b@b.co", 400)]), json!([])),
            );
            assert_eq!(summary(&judged), (1, vec![11], vec![12], vec![]), "{count:?}");
        }
    }

    #[test]
    fn a_batch_that_says_it_left_some_out_is_not_a_success() {
        let judged =
            by_items(&status(BatchState::Finished, Some(2), Some(0)), &CONTACTS, items(json!([]), json!([])));
        assert_eq!(summary(&judged), (0, vec![], vec![10, 11, 12], vec![]));
    }

    #[test]
    fn what_a_stopped_batch_did_not_come_to_is_unfinished() {
        let judged = by_items(
            &status(BatchState::Stopped, Some(2), Some(1)),
            &CONTACTS,
            items(json!([item("a@b.co", 200)]), json!([item("b@b.co", 400)])),
        );
        assert_eq!(summary(&judged), (1, vec![11], vec![], vec![12]));
    }
}
