//! `/segments`: segments by a condition on contacts' tags.
//!
//! Published: the body, 201, the listing by cursor in pages of 1 to 50, `{"contactsCount"}`, 409 to PUT and DELETE while
//! `building`, the status `archived`. Undocumented, chosen: PUT replaces the whole segment, DELETE returns 204, and the
//! listing has archived segments too.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;
use tokio::time::Instant;

use crate::api::admission::Admitted;
use crate::api::paging::{CursorPage, SEGMENT_PAGE_SIZES};
use crate::contract::{Problem, SegmentBody, json_response};
use crate::shared::now;
use crate::state::{Records, Segment};

pub(crate) fn create(admitted: &Admitted<'_>) -> Result<Response, Problem> {
    let segment = read(admitted)?;
    let state = &mut *admitted.shared.lock();
    let segments = &mut state.brand(admitted.brand)?.segments;
    let view = segment.view(&segments.next_id(), Instant::now());
    segments.push(segment);
    Ok(json_response(StatusCode::CREATED, &view))
}

pub(crate) fn list(admitted: &Admitted<'_>) -> Result<Response, Problem> {
    let mut parameters = admitted.request.parameters();
    let page = CursorPage::take(&mut parameters, SEGMENT_PAGE_SIZES);
    parameters.finish()?;
    let now = Instant::now();
    let state = &mut *admitted.shared.lock();
    let segments = &state.brand(admitted.brand)?.segments;
    let rest = segments.iter_from(page.first(segments)?);
    let views = rest.map(|(index, segment)| {
        let id = segments.id(index);
        let view = segment.view(&id, now);
        (id, view)
    });
    Ok(page.answer("segments", views))
}

pub(crate) fn show(admitted: &Admitted<'_>, id: &str) -> Result<Response, Problem> {
    let state = &mut *admitted.shared.lock();
    let (_, segment) = state.brand(admitted.brand)?.segments.find(id)?;
    Ok(json_response(StatusCode::OK, &segment.view(id, Instant::now())))
}

pub(crate) fn statistics(admitted: &Admitted<'_>, id: &str) -> Result<Response, Problem> {
    let state = &mut *admitted.shared.lock();
    let brand = state.brand(admitted.brand)?;
    let (_, segment) = brand.segments.find(id)?;
    let count = brand.contacts.records.iter().filter(|(_, contact)| segment.holds(contact)).count();
    Ok(json_response(StatusCode::OK, &json!({ "contactsCount": count })))
}

pub(crate) fn replace(admitted: &Admitted<'_>, id: &str) -> Result<Response, Problem> {
    let mut new = read(admitted)?;
    let state = &mut *admitted.shared.lock();
    let segments = &mut state.brand(admitted.brand)?.segments;
    let (index, old) = find_built(segments, id)?;
    new.created_at = old.created_at;
    let view = new.view(id, Instant::now());
    segments.replace(index, new);
    Ok(json_response(StatusCode::OK, &view))
}

pub(crate) fn delete(admitted: &Admitted<'_>, id: &str) -> Result<Response, Problem> {
    let state = &mut *admitted.shared.lock();
    let segments = &mut state.brand(admitted.brand)?.segments;
    let (index, _) = find_built(segments, id)?;
    segments.remove(index);
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn read(admitted: &Admitted<'_>) -> Result<Segment, Problem> {
    let body = SegmentBody::read(&admitted.request.json()?)?;
    let (now, ready) = (now(), Instant::now() + admitted.shared.options.batch_delay);
    Ok(Segment { body, created_at: now, updated_at: now, ready, archived: false })
}

/// Returns a segment that may be changed, or refuses the request.
fn find_built<'s>(segments: &'s Records<Segment>, id: &str) -> Result<(usize, &'s Segment), Problem> {
    let (index, segment) = segments.find(id)?;
    if segment.is_building(Instant::now()) {
        return Err(Problem::new(StatusCode::CONFLICT, "The segment is building."));
    }
    Ok((index, segment))
}
