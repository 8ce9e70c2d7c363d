//! `/contacts/tags`: adds tags to contacts, or removes them.
//!
//! Published: 202, asynchronous, unknown emails are silently ignored. Undocumented, chosen: the response has no body, and
//! the contacts of a segment are determined when the change is applied.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::api::admission::Admitted;
use crate::contract::{Problem, TagAction, TagChange};
use crate::jobs::Job;

pub(crate) fn change(admitted: &Admitted<'_>, action: TagAction) -> Result<Response, Problem> {
    let body = admitted.request.json()?;
    let change = {
        let state = &mut *admitted.shared.lock();
        let segments = &state.brand(admitted.brand)?.segments;
        TagChange::read(action, &body, |id| Some(segments.find(id).ok()?.0))?
    };
    admitted.jobs.schedule(Job::ChangeTags { brand: admitted.brand, change });
    Ok(StatusCode::ACCEPTED.into_response())
}
