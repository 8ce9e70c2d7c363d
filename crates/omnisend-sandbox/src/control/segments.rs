//! Adds and archives segments without the API.

use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::Value;
use tokio::time::Instant;

use crate::contract::{Problem, SegmentBody, read_json};
use crate::control::query::{Parameters, SharedState};
use crate::shared::now;
use crate::state::Segment;

/// Adds an array of segments as `POST /segments` would, but without limits, and ready at once.
pub(crate) async fn seed(
    State(shared): SharedState,
    Query(query): Parameters,
    body: Bytes,
) -> Result<StatusCode, Problem> {
    let values: Vec<Value> = read_json(&body)?;
    let bodies: Vec<_> = values.iter().map(SegmentBody::read).collect::<Result<_, _>>()?;
    let (now, ready) = (now(), Instant::now());
    let state = &mut *shared.lock();
    let brand = query.brand(state)?;
    for body in bodies {
        let segment = Segment { body, created_at: now, updated_at: now, ready, archived: false };
        state.brand(brand)?.segments.push(segment);
    }
    Ok(StatusCode::CREATED)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Archive {
    name: String,
}

/// Archives the segments of a name, as a person can in Omnisend's app; the API has no such request.
pub(crate) async fn archive(
    State(shared): SharedState,
    Query(query): Parameters,
    body: Bytes,
) -> Result<StatusCode, Problem> {
    let Archive { name } = read_json(&body)?;
    let state = &mut *shared.lock();
    let brand = query.brand(state)?;
    let mut is_known = false;
    for segment in state.brand(brand)?.segments.iter_mut().filter(|segment| segment.body.name == name) {
        segment.archived = true;
        is_known = true;
    }
    if is_known { Ok(StatusCode::NO_CONTENT) } else { Err(Problem::not_found("segment")) }
}
