//! Refusals of a whole batch that are due to some of its contacts.
//!
//! It is not documented whether Omnisend checks the items before it answers a `POST /batches`. If it does, its answer
//! names them by place (`items[3].…`). A refusal that names no item is not about the contacts.

use std::collections::BTreeMap;

use crate::{
    run::Rejection,
    stage::field_path::{ItemPath, item_path},
};
use omnisend::{FieldError, Refusal, RefusalKind};

/// Returns the contacts that a refusal names, in the order of their places. `places` are the places of the batch's
/// contacts.
pub(super) fn rejections(refusal: &Refusal, places: &[u32]) -> Vec<Rejection> {
    if refusal.kind != RefusalKind::Invalid {
        return Vec::new();
    }
    let mut named: BTreeMap<u32, (ItemPath<'_>, &FieldError)> = BTreeMap::new();
    for error in &refusal.problem.errors {
        let path = error.field.as_deref().and_then(|field| item_path(field, "items"));
        if let Some(path) = path
            && let Some(place) = places.get(path.item)
        {
            named.entry(*place).or_insert((path, error));
        }
    }
    named
        .into_iter()
        .map(|(place, (path, error))| Rejection {
            place,
            code: error.code.clone().unwrap_or_else(|| refusal.code()),
            reason: error
                .message
                .clone()
                .unwrap_or_else(|| "Omnisend rejected it without a reason".to_owned()),
            field: Some(path.field.to_owned()),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rejects_the_contacts_that_the_refusal_names() {
        let body = br#"{"errors": [
                {"field": "items[1].identifiers[0].id", "code": "email", "message": "is not an email"},
                {"field": "items.2.country", "message": "is not a country"},
                {"field": "items[1].tags", "code": "max"},
                {"field": "items[9].tags", "code": "max"},
                {"field": "endpoint", "code": "required"}]}"#;
        let rejected = rejections(&Refusal::from_answer(400, body), &[40, 41, 44]);
        let found: Vec<_> = rejected
            .iter()
            .map(|r| (r.place, r.code.as_str(), r.field.as_deref(), r.reason.as_str()))
            .collect();
        assert_eq!(
            found,
            [
                (41, "email", Some("identifiers[0].id"), "is not an email"),
                (44, "400", Some("country"), "is not a country"),
            ]
        );
        assert_eq!(rejections(&Refusal::from_answer(403, body), &[40, 41, 44]), []);
    }

    #[test]
    fn rejects_no_contact_if_the_refusal_is_about_the_batch() {
        let body = br#"{"errors": [{"field": "items", "code": "max"}]}"#;
        assert_eq!(rejections(&Refusal::from_answer(400, body), &[0, 1]), []);
    }
}
