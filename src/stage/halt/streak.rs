//! A streak of contacts that Omnisend refused with the same message. Pure.

use omnisend::{BatchItem, BatchItems, ItemOutcome, is_subscription_limit};

/// How many contacts in a row must be refused with the same message before the run is halted.
const ENOUGH: u64 = 200;

/// Omnisend's refusal of one contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub code: String,
    pub reason: String,
    /// Whether it is about a field of this contact.
    pub is_of_a_field: bool,
}

/// Contacts that Omnisend refused one after another with the same message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Streak {
    pub code: String,
    pub reason: String,
    pub contacts: u64,
}

impl Streak {
    /// Adds refusals. Returns false if one of them ends the streak: it differs from the others, or is about a field.
    pub(super) fn add(&mut self, refusals: Vec<Refusal>) -> bool {
        for Refusal { code, reason, is_of_a_field } in refusals {
            if is_of_a_field || (!self.is_empty() && (self.code != code || self.reason != reason)) {
                return false;
            }
            *self = Self { code, reason, contacts: self.contacts + 1 };
        }
        true
    }

    pub(super) fn is_empty(&self) -> bool {
        self.contacts == 0
    }

    /// Whether it is long enough to halt the run.
    pub(super) fn is_enough(&self) -> bool {
        self.contacts >= ENOUGH
    }
}

/// Returns the refusals among a batch's items, without failures that a retry may fix.
pub(super) fn refusals(items: &BatchItems) -> Vec<Refusal> {
    items.errors.iter().filter_map(refusal).collect()
}

fn refusal(item: &BatchItem) -> Option<Refusal> {
    if item.outcome() != Some(ItemOutcome::Refused) {
        return None;
    }
    let problem = item.problem();
    let (code, reason) = (item.code(), problem.summary()?);
    let names_a_field = problem.errors.iter().any(|error| error.field.is_some());
    // In the shape of version 3, the fields may have numbers in place of names.
    let is_of_a_field =
        names_a_field || (!problem.errors.is_empty() && !is_subscription_limit(&code, &reason));
    Some(Refusal { code, reason, is_of_a_field })
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
    fn is_enough_after_200_equal_refusals() {
        let mut streak = Streak::default();
        assert!(streak.add(full(100)) && streak.add(full(99)));
        assert!(!streak.is_enough());
        assert!(streak.add(full(1)));
        assert!(streak.is_enough());
        assert_eq!(
            (streak.code.as_str(), streak.reason.as_str(), streak.contacts),
            ("402", "The plan is full.", 200)
        );
    }

    #[test]
    fn ends_with_a_refusal_that_is_about_one_contact() {
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
    fn reads_the_shape_of_version_3() {
        let counted = |response: serde_json::Value| {
            let refused =
                refusals(&BatchItems { errors: vec![item(400, response)], ..BatchItems::default() });
            let mut streak = Streak::default();
            (streak.add(refused), streak.reason)
        };
        assert_eq!(counted(json!({"error": "Blocked."})), (true, "Blocked.".to_owned()));
        let full = json!({"error": "Refused.", "fields": {"0": ["Your plan is full."]}});
        assert_eq!(counted(full), (true, "Refused.; Your plan is full.".to_owned()));
        let field = json!({"error": "Refused.", "fields": {"0": ["phone is not valid"]}});
        assert_eq!(counted(field), (false, String::new()));
    }

    #[test]
    fn ignores_failures_that_may_be_temporary() {
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
        fn is_not_enough_before_200_refusals_in_a_row(batches in prop::collection::vec(0..120usize, 0..5)) {
            let mut streak = Streak::default();
            for n in &batches {
                prop_assert!(streak.add(full(*n)));
            }
            prop_assert_eq!(streak.is_enough(), batches.iter().sum::<usize>() >= 200);
        }
    }
}
