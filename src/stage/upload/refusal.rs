//! A batch that Omnisend refused whole, because of some of its items.
//!
//! Whether Omnisend looks at the items before it answers a `POST /batches` is not documented. If it does, its
//! problem names them by place (`items[3].…`), and those are taken out; a refusal that names none is not about
//! the contacts.

use std::collections::BTreeMap;

use crate::{
    omnisend::{FieldError, Permanent},
    run::{Rejection, speaks_of_a_plan},
};

/// The contacts that a refusal names, with what it says of them.
pub(super) fn items(refusal: &Permanent, places: &[u32]) -> Vec<Rejection> {
    if !matches!(refusal.status, 400 | 422) {
        return Vec::new();
    }
    let mut named: BTreeMap<u32, &FieldError> = BTreeMap::new();
    for error in &refusal.problem.errors {
        let item = error.field.as_deref().and_then(item_of);
        if let Some(place) = item.and_then(|item| places.get(item)) {
            named.entry(*place).or_insert(error);
        }
    }
    named
        .into_iter()
        .map(|(place, error)| Rejection {
            place,
            code: error.code.clone().unwrap_or_else(|| refusal.status.to_string()),
            reason: error.message.clone().unwrap_or_else(|| "Omnisend refused the contact".to_owned()),
            field: error.field.as_deref().map(|field| inside(field).to_owned()),
        })
        .collect()
}

/// Whether a refusal says that the brand's plan is full. Which status says so is not documented: 402, or a 403 that
/// speaks of the plan.
pub(super) fn is_of_the_plan(refusal: &Permanent) -> bool {
    let says = || refusal.problem.summary().is_some_and(|said| speaks_of_a_plan(&said));
    refusal.status == 402 || (refusal.status == 403 && says())
}

/// `items[3].country` and `items.3.country` name item 3.
fn item_of(field: &str) -> Option<usize> {
    let rest = field.strip_prefix("items")?.trim_start_matches(['[', '.']);
    let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    rest.get(..digits)?.parse().ok()
}

/// The field inside the item.
fn inside(field: &str) -> &str {
    let rest = field.trim_start_matches("items").trim_start_matches(['[', '.']);
    rest.trim_start_matches(|c: char| c.is_ascii_digit()).trim_start_matches([']', '.'])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::omnisend::Problem;

    #[test]
    fn items_that_are_named_are_taken_out() {
        let problem = Problem::parse(
            br#"{"errors": [
                {"field": "items[1].identifiers[0].id", "code": "email", "message": "is not an e-mail"},
                {"field": "items.2.country", "message": "is not a country"},
                {"field": "items[1].tags", "code": "max"},
                {"field": "items[9].tags", "code": "max"},
                {"field": "endpoint", "code": "required"}]}"#,
        );
        let rejected = items(&Permanent { status: 400, problem: problem.clone() }, &[40, 41, 44]);
        let said: Vec<_> = rejected
            .iter()
            .map(|r| (r.place, r.code.as_str(), r.field.as_deref(), r.reason.as_str()))
            .collect();
        assert_eq!(
            said,
            [
                (41, "email", Some("identifiers[0].id"), "is not an e-mail"),
                (44, "400", Some("country"), "is not a country"),
            ]
        );
        assert_eq!(items(&Permanent { status: 403, problem }, &[40, 41, 44]), []);
    }

    #[test]
    fn a_plan_that_is_full_is_told_from_a_key_that_may_not() {
        let is = |status, detail: &str| {
            let problem = Problem { detail: Some(detail.to_owned()), ..Problem::default() };
            is_of_the_plan(&Permanent { status, problem })
        };
        assert!(is(402, "Payment required."));
        assert!(is(403, "Your plan holds no more contacts."));
        assert!(!is(403, "The API key has no access to this endpoint."));
        assert!(!is(400, "The plan is full."));
    }

    #[test]
    fn a_refusal_of_the_batch_itself_names_nobody() {
        let problem = Problem::parse(br#"{"errors": [{"field": "items", "code": "max"}]}"#);
        assert_eq!(items(&Permanent { status: 400, problem }, &[0, 1]), []);
    }
}
