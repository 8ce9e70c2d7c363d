//! `/contacts` without tags, and `/brands/current`.
//!
//! Published: creating and updating, `?email=`, pages by cursor of at most 250. Undocumented, chosen: pages of 100, the
//! oldest contact first, `?phone=`, an empty list for an unknown address, and an upsert that returns `id`, `email` and
//! `phone`.

use axum::http::StatusCode;
use axum::response::Response;

use crate::api::admission::Admitted;
use crate::api::paging::{CursorPage, PAGE_SIZES};
use crate::contract::{Problem, json_response, read_contact};
use crate::shared::now;

pub(crate) fn upsert(admitted: &Admitted<'_>) -> Result<Response, Problem> {
    let draft = read_contact(&admitted.request.json()?).map_err(Problem::invalid)?;
    let state = &mut *admitted.shared.lock();
    if let Some(problem) = state.faults.refuse(&draft) {
        admitted.shared.notify();
        return Err(problem);
    }
    let contacts = &mut state.brand(admitted.brand)?.contacts;
    let done = contacts.upsert(draft, admitted.shared.upsert_policy(), now())?;
    Ok(json_response(done.status, &contacts.summary(done.index)))
}

pub(crate) fn list(admitted: &Admitted<'_>) -> Result<Response, Problem> {
    let mut parameters = admitted.request.parameters();
    let page = CursorPage::take(&mut parameters, PAGE_SIZES);
    let (email, phone) = (parameters.take("email"), parameters.take("phone"));
    parameters.finish()?;
    let state = &mut *admitted.shared.lock();
    let contacts = &state.brand(admitted.brand)?.contacts;
    let records = &contacts.records;
    let by_email = email.as_deref().map(|email| contacts.by_email(email));
    let by_phone = phone.as_deref().map(|phone| contacts.by_phone(phone));
    let view = |index: usize| {
        let id = records.id(index);
        let view = records.get(index)?.view(id.clone());
        Some((id, view))
    };
    Ok(match (by_email, by_phone) {
        (None, None) => {
            let rest = records.iter_from(page.first(records)?);
            page.answer("contacts", rest.filter_map(|(index, _)| view(index)))
        }
        (Some(by_email), Some(by_phone)) => {
            let same = by_email.filter(|_| by_email == by_phone);
            page.answer("contacts", same.into_iter().filter_map(view))
        }
        (Some(found), None) | (None, Some(found)) => {
            page.answer("contacts", found.into_iter().filter_map(view))
        }
    })
}

pub(crate) fn show(admitted: &Admitted<'_>, id: &str) -> Result<Response, Problem> {
    let state = &mut *admitted.shared.lock();
    let (_, contact) = state.brand(admitted.brand)?.contacts.records.find(id)?;
    Ok(json_response(StatusCode::OK, &contact.view(id.to_owned())))
}

pub(crate) fn current_brand(admitted: &Admitted<'_>) -> Result<Response, Problem> {
    let state = &mut *admitted.shared.lock();
    Ok(json_response(StatusCode::OK, &state.brand(admitted.brand)?.view()))
}
