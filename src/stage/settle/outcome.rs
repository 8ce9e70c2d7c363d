//! The outcome of each contact of a batch, from Omnisend's counts and items. A contact counts as accepted only if
//! Omnisend confirms it: if counts and items contradict each other, the outcome is unknown.

use std::collections::HashMap;

use crate::run::{Rejection, Unknown};
use omnisend::{BatchItem, BatchItems, BatchState, BatchStatus, ItemOutcome};

/// The outcome of a batch's contacts. Each contact is counted once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct BatchOutcome {
    pub accepted: u64,
    pub rejected: Vec<Rejection>,
    pub unknown: Vec<Unknown>,
    /// The contacts that Omnisend had not processed when it stopped the batch, by place.
    pub unfinished: Vec<u32>,
}

/// A contact of the batch.
#[derive(Debug, Clone, Copy)]
pub(super) struct Contact<'a> {
    /// The contact's place in the chunk.
    pub place: u32,
    pub email: &'a str,
}

/// Returns the outcome of a batch from its items.
pub(super) fn by_items(status: &BatchStatus, contacts: &[Contact<'_>], items: BatchItems) -> BatchOutcome {
    let errors = by_email(items.errors);
    let responses = by_email(items.responses);
    let mut outcome = BatchOutcome::default();
    let mut unnamed = Vec::new();
    for &Contact { place, email } in contacts {
        match (errors.get(email), responses.get(email)) {
            (Some(error), _) => outcome.rejected.push(rejection(place, error)),
            (None, Some(answer)) => match answer.outcome() {
                Some(ItemOutcome::Accepted) => outcome.accepted += 1,
                Some(ItemOutcome::Refused | ItemOutcome::Failed) => {
                    outcome.rejected.push(rejection(place, answer));
                }
                None => unnamed.push(place),
            },
            (None, None) => unnamed.push(place),
        }
    }
    if status.state == BatchState::Stopped {
        outcome.unfinished = unnamed;
        return outcome;
    }
    // Omnisend does not name these contacts. They are accepted if the counts leave no other possibility.
    let every_error_is_named = status.errors_count == Some(outcome.rejected.len() as u64);
    let every_item_is_finished = status.finished_count == Some(contacts.len() as u64);
    if every_error_is_named && every_item_is_finished {
        outcome.accepted += unnamed.len() as u64;
    } else {
        let reason = match status.errors_count {
            Some(count) => format!(
                "Omnisend counts {count} errors in the contact's batch, names {}, and does not name this contact",
                outcome.rejected.len()
            ),
            None => "Omnisend does not say how many contacts of the batch it rejected".to_owned(),
        };
        outcome.unknown =
            unnamed.into_iter().map(|place| Unknown { place, reason: reason.clone() }).collect();
    }
    outcome
}

/// Returns the outcome of a batch without any result.
pub(super) fn unknown(places: Vec<u32>, reason: &str) -> BatchOutcome {
    let unknown = places.into_iter().map(|place| Unknown { place, reason: reason.to_owned() });
    BatchOutcome { unknown: unknown.collect(), ..BatchOutcome::default() }
}

fn by_email(items: Vec<BatchItem>) -> HashMap<String, BatchItem> {
    items.into_iter().filter_map(|item| Some((item.email()?, item))).collect()
}

fn rejection(place: u32, item: &BatchItem) -> Rejection {
    let problem = item.problem();
    Rejection {
        place,
        code: item.code(),
        reason: problem.summary().unwrap_or_else(|| "Omnisend rejected it without a reason".to_owned()),
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

    const CONTACTS: [Contact<'static>; 3] = [
        Contact { place: 10, email: "a@b.co" },
        Contact { place: 11, email: "b@b.co" },
        Contact { place: 12, email: "c@b.co" },
    ];

    fn summary(outcome: &BatchOutcome) -> (u64, Vec<u32>, Vec<u32>, Vec<u32>) {
        let places = |unknown: &Unknown| unknown.place;
        let rejected = outcome.rejected.iter().map(|rejection| rejection.place).collect();
        (outcome.accepted, rejected, outcome.unknown.iter().map(places).collect(), outcome.unfinished.clone())
    }

    #[test]
    fn rejects_the_named_errors_and_accepts_the_rest() {
        let outcome = by_items(
            &status(BatchState::Finished, Some(3), Some(1)),
            &CONTACTS,
            items(json!([]), json!([item("b@b.co", 403)])),
        );
        assert_eq!(summary(&outcome), (2, vec![11], vec![], vec![]));
        let rejection = &outcome.rejected[0];
        assert_eq!((rejection.code.as_str(), rejection.reason.as_str()), ("403", "plan limit reached"));
    }

    #[test]
    fn reads_items_whose_request_and_response_are_json_strings() {
        let mut text = item("b@b.co", 400);
        text["request"] = json!(text["request"].to_string());
        text["response"] = json!(text["response"].to_string());
        let outcome = by_items(
            &status(BatchState::Finished, Some(3), Some(1)),
            &CONTACTS,
            items(json!([]), json!([text])),
        );
        assert_eq!(summary(&outcome), (2, vec![11], vec![], vec![]));
        assert_eq!(outcome.rejected[0].reason, "plan limit reached");
    }

    #[test]
    fn contacts_are_unknown_if_counted_errors_have_no_items() {
        let outcome = by_items(
            &status(BatchState::Finished, Some(3), Some(2)),
            &CONTACTS,
            items(json!(null), json!(null)),
        );
        assert_eq!(summary(&outcome), (0, vec![], vec![10, 11, 12], vec![]));
        let outcome = by_items(
            &status(BatchState::Finished, Some(3), Some(2)),
            &CONTACTS,
            items(json!([item("a@b.co", 200)]), json!([item("b@b.co", 400)])),
        );
        assert_eq!(summary(&outcome), (1, vec![11], vec![12], vec![]));
    }

    #[test]
    fn without_an_error_count_contacts_without_an_item_are_unknown() {
        for count in [None, Some(0)] {
            let outcome = by_items(
                &status(BatchState::Finished, Some(3), count),
                &CONTACTS,
                items(json!([item("a@b.co", 201), item("b@b.co", 400)]), json!([])),
            );
            assert_eq!(summary(&outcome), (1, vec![11], vec![12], vec![]), "{count:?}");
        }
    }

    #[test]
    fn contacts_are_unknown_if_the_batch_finished_fewer() {
        let outcome =
            by_items(&status(BatchState::Finished, Some(2), Some(0)), &CONTACTS, items(json!([]), json!([])));
        assert_eq!(summary(&outcome), (0, vec![], vec![10, 11, 12], vec![]));
    }

    #[test]
    fn leaves_contacts_of_a_stopped_batch_unfinished() {
        let outcome = by_items(
            &status(BatchState::Stopped, Some(2), Some(1)),
            &CONTACTS,
            items(json!([item("a@b.co", 200)]), json!([item("b@b.co", 400)])),
        );
        assert_eq!(summary(&outcome), (1, vec![11], vec![], vec![12]));
    }
}
