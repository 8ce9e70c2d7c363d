//! `/contacts` and `/brands/current`, but for tags.
//!
//! Published: creation and update, `?email=`, pages by cursor of at most 250. Undocumented, chosen: pages of 100, the
//! oldest contact first, `?phone=`, an unknown address answers an empty list, an upsert answers `contactID`, `email`
//! and `phone`.

use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

use crate::batches::short;
use crate::input::Call;
use crate::problem::{Problem, json as answer};
use crate::rules;
use crate::shared::Shared;

/// The sizes of a page (published).
pub(crate) const PAGE: (usize, usize) = (1, 250);
/// The size of a page that was not asked for (undocumented).
pub(crate) const DEFAULT_PAGE: usize = 100;

pub(crate) fn upsert(shared: &Shared, brand: usize, call: &Call) -> Result<Response, Problem> {
    call.parameters().finish()?;
    let draft = rules::read(&call.json()?, "").map_err(Problem::invalid)?;
    let (policy, now) = (shared.policy(), shared.now());
    let mut state = shared.lock();
    let refusal = draft.email.as_ref().and_then(|email| state.faults.refusal(&email.id));
    if let Some(problem) = refusal {
        shared.touch();
        return Err(problem);
    }
    let contacts = &mut state.brand(brand)?.contacts;
    let done = contacts.upsert(draft, policy, now)?;
    Ok(answer(done.status(), &short(contacts, done.index())))
}

pub(crate) fn list(shared: &Shared, brand: usize, call: &Call) -> Result<Response, Problem> {
    let mut parameters = call.parameters();
    let limit = parameters.number("limit", PAGE, DEFAULT_PAGE);
    let after = parameters.take("after");
    let (email, phone) = (parameters.take("email"), parameters.take("phone"));
    parameters.finish()?;
    shared.brand(brand, |state| {
        let contacts = &state.contacts;
        let first = match after.as_deref().map(|cursor| contacts.by_id(cursor)) {
            None => 0,
            Some(Some(index)) => index + 1,
            Some(None) => {
                return Err(Problem::field("after", "invalidValue", "is not a cursor of this listing"));
            }
        };
        let mut found: Box<dyn Iterator<Item = usize>> = match (&email, &phone) {
            (Some(email), None) => Box::new(contacts.by_email(email).into_iter()),
            (None, Some(phone)) => Box::new(contacts.by_phone(phone).into_iter()),
            (Some(email), Some(phone)) => {
                let same =
                    contacts.by_email(email).filter(|_| contacts.by_email(email) == contacts.by_phone(phone));
                Box::new(same.into_iter())
            }
            (None, None) => {
                Box::new(contacts.iter().map(|(index, _)| index).skip_while(move |index| *index < first))
            }
        };
        let page: Vec<_> = found.by_ref().take(limit).filter_map(|i| Some((i, contacts.view(i)?))).collect();
        let more = found.next().is_some();
        Ok(paged("contacts", page, more, |index| contacts.id(index)))
    })?
}

pub(crate) fn show(shared: &Shared, brand: usize, call: &Call, id: &str) -> Result<Response, Problem> {
    call.parameters().finish()?;
    shared.brand(brand, |state| {
        let view = state.contacts.by_id(id).and_then(|index| state.contacts.view(index));
        let view = view.ok_or_else(|| Problem::not_found("contact"))?;
        Ok(answer(StatusCode::OK, &view))
    })?
}

pub(crate) fn current_brand(shared: &Shared, brand: usize, call: &Call) -> Result<Response, Problem> {
    call.parameters().finish()?;
    shared.brand(brand, |state| answer(StatusCode::OK, &state.view(brand)))
}

/// A page of a listing by cursor: `{"contacts": […], "paging": {"cursors": {"after"}, "hasMore"}}`.
pub(crate) fn paged(
    name: &str,
    page: Vec<(usize, Value)>,
    more: bool,
    cursor: impl Fn(usize) -> String,
) -> Response {
    let after = page.last().filter(|_| more).map(|(index, _)| cursor(*index));
    let records: Vec<Value> = page.into_iter().map(|(_, view)| view).collect();
    let paging = json!({ "cursors": { "after": after }, "hasMore": more });
    answer(StatusCode::OK, &json!({ name: records, "paging": paging }))
}
