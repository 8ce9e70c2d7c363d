//! A batch that Omnisend refused whole, because of some of its items.
//!
//! Whether Omnisend looks at the items before it answers a `POST /batches` is not documented. If it does, its
//! problem names them by place (`items[3].…`), and those are taken out; a refusal that names none is not about
//! the contacts.

use std::collections::BTreeMap;

use crate::{
    omnisend::{FieldError, Refusal, RefusalKind},
    run::Rejection,
};

/// The contacts that a refusal names, with what it says of them.
pub(super) fn items(refusal: &Refusal, places: &[u32]) -> Vec<Rejection> {
    if refusal.kind != RefusalKind::Invalid {
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
            code: error.code.clone().unwrap_or_else(|| refusal.code()),
            reason: error.message.clone().unwrap_or_else(|| "Omnisend refused the contact".to_owned()),
            field: error.field.as_deref().map(|field| inside(field).to_owned()),
        })
        .collect()
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

    #[test]
    fn items_that_are_named_are_taken_out() {
        let body = br#"{"errors": [
                {"field": "items[1].identifiers[0].id", "code": "email", "message": "is not an e-mail"},
                {"field": "items.2.country", "message": "is not a country"},
                {"field": "items[1].tags", "code": "max"},
                {"field": "items[9].tags", "code": "max"},
                {"field": "endpoint", "code": "required"}]}"#;
        let rejected = items(&Refusal::from_answer(400, body), &[40, 41, 44]);
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
        assert_eq!(items(&Refusal::from_answer(403, body), &[40, 41, 44]), []);
    }

    #[test]
    fn a_refusal_of_the_batch_itself_names_nobody() {
        let body = br#"{"errors": [{"field": "items", "code": "max"}]}"#;
        assert_eq!(items(&Refusal::from_answer(400, body), &[0, 1]), []);
    }
}
