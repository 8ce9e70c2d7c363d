//! Whether refusals are all the same, and about no contact in particular. Pure.

use crate::omnisend::{BatchItem, BatchItems, ItemOutcome};

/// How many contacts in a row must be refused alike before it is taken for all that are left.
const ENOUGH: u64 = 200;

/// A refusal: Omnisend's code and words, and whether it names a field of the contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub code: String,
    pub reason: String,
    pub is_of_a_field: bool,
}

/// Contacts that were refused alike, one after another.
#[derive(Debug, Default)]
pub(super) struct Streak {
    said: Option<(String, String)>,
    contacts: u64,
}

impl Streak {
    /// Adds refusals. False where they are not like those before, or are about a field: then there is no streak.
    pub(super) fn add(&mut self, refusals: Vec<Refusal>) -> bool {
        for Refusal { code, reason, is_of_a_field } in refusals {
            if is_of_a_field {
                return false;
            }
            match &self.said {
                Some((said_code, said)) if *said_code != code || *said != reason => return false,
                Some(_) => {}
                None => self.said = Some((code, reason)),
            }
            self.contacts += 1;
        }
        true
    }

    /// Whether there is a refusal in it.
    pub(super) fn is_begun(&self) -> bool {
        self.contacts > 0
    }

    /// The code, the words and how many contacts, where these are enough to stop for.
    pub(super) fn is_enough(&self) -> Option<(String, String, u64)> {
        let (code, reason) = self.said.clone().filter(|_| self.contacts >= ENOUGH)?;
        Some((code, reason, self.contacts))
    }
}

/// The items of a batch that Omnisend refused for good. One that it could not work on may pass the next time.
pub(super) fn refusals(items: &BatchItems) -> Vec<Refusal> {
    items.errors.iter().filter_map(refusal).collect()
}

fn refusal(item: &BatchItem) -> Option<Refusal> {
    if item.outcome() != Some(ItemOutcome::Refused) {
        return None;
    }
    let problem = item.problem();
    Some(Refusal {
        code: item.code(),
        reason: problem.summary()?,
        is_of_a_field: problem.errors.iter().any(|error| error.field.is_some()),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[expect(clippy::needless_pass_by_value, reason = "literals read better at the calls")]
    fn item(code: u16, response: serde_json::Value) -> BatchItem {
        serde_json::from_value(json!({ "response": response, "responseCode": code })).unwrap()
    }

    fn full(n: usize) -> Vec<Refusal> {
        let errors = vec![item(402, json!({"detail": "The plan is full."})); n];
        refusals(&BatchItems { errors, ..BatchItems::default() })
    }

    #[test]
    fn two_hundred_that_are_refused_alike_are_enough() {
        let mut streak = Streak::default();
        assert!(streak.add(full(100)) && streak.add(full(99)));
        assert_eq!(streak.is_enough(), None);
        assert!(streak.add(full(1)));
        assert_eq!(streak.is_enough(), Some(("402".to_owned(), "The plan is full.".to_owned(), 200)));
    }

    #[test]
    fn what_is_about_a_contact_is_no_streak() {
        let field = item(400, json!({"errors": [{"field": "phone", "code": "e164", "message": "is bad"}]}));
        let other = item(402, json!({"detail": "Another reason."}));
        for odd in [field, other] {
            let mut streak = Streak::default();
            assert!(streak.add(full(199)));
            let odd = refusals(&BatchItems { errors: vec![odd], ..BatchItems::default() });
            assert!(!streak.add(odd));
        }
    }

    #[test]
    fn what_may_pass_is_no_refusal() {
        for item in [
            item(500, json!({"detail": "Oops"})),
            item(429, json!({"detail": "Slower"})),
            item(402, json!({})),
        ] {
            assert_eq!(refusals(&BatchItems { errors: vec![item], ..BatchItems::default() }), []);
        }
    }

    proptest! {
        #[test]
        fn nothing_less_than_enough_in_a_row_stops_a_run(batches in prop::collection::vec(0..120usize, 0..5)) {
            let mut streak = Streak::default();
            for n in &batches {
                prop_assert!(streak.add(full(*n)));
            }
            prop_assert_eq!(streak.is_enough().is_some(), batches.iter().sum::<usize>() >= 200);
        }
    }
}
