//! Changes a brand from outside the API: the traffic of another integration, and the API key.

use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use serde::Deserialize;
use tokio::time::Instant;

use crate::contract::{Problem, read_json};
use crate::control::query::{Parameters, SharedState};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Traffic {
    requests_per_minute: u32,
}

/// Lets another integration use the brand's rate limit from now on; 0 stops it.
pub(crate) async fn set_traffic(
    State(shared): SharedState,
    Query(query): Parameters,
    body: Bytes,
) -> Result<StatusCode, Problem> {
    let Traffic { requests_per_minute } = read_json(&body)?;
    let state = &mut *shared.lock();
    let brand = query.brand(state)?;
    state.brand(brand)?.windows.all.set_traffic(requests_per_minute, Instant::now());
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Keys {
    replace: String,
    with: String,
}

/// Replaces a key: the brand has the new one, and the old one is refused with 401 from now on.
pub(crate) async fn replace_key(State(shared): SharedState, body: Bytes) -> Result<StatusCode, Problem> {
    let Keys { replace, with } = read_json(&body)?;
    let replaced = shared.lock().replace_key(&replace, &with);
    replaced.map(|_| StatusCode::NO_CONTENT).ok_or_else(|| Problem::not_found("key"))
}
