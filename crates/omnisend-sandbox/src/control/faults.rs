//! Adds, lists and removes faults, and waits for them.

use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

use crate::contract::{Problem, json_response, read_json};
use crate::control::query::{Parameters, SharedState};
use crate::faults::{Fault, InvalidFault};

pub(crate) async fn list(State(shared): SharedState) -> Response {
    json_response(StatusCode::OK, &shared.lock().faults.view())
}

/// Adds an array of faults after the active ones, each as an object or as text.
pub(crate) async fn add(State(shared): SharedState, body: Bytes) -> Result<Response, Problem> {
    let mut faults: Vec<Fault> = Vec::new();
    for (i, value) in read_json::<Vec<Value>>(&body)?.into_iter().enumerate() {
        let fault = match &value {
            Value::String(text) => text.parse().map_err(|error: InvalidFault| error.to_string()),
            _ => serde_json::from_value(value).map_err(|error| error.to_string()),
        };
        faults.push(fault.map_err(|error| Problem::field(&format!("[{i}]"), "invalidFault", error))?);
    }
    let count = faults.len();
    let first = shared.lock().faults.add(faults);
    let indexes: Vec<usize> = (first..first + count).collect();
    Ok(json_response(StatusCode::CREATED, &json!({ "indexes": indexes })))
}

pub(crate) async fn clear(State(shared): SharedState) -> StatusCode {
    shared.lock().faults.clear();
    shared.notify();
    StatusCode::NO_CONTENT
}

/// Returns when fault `index` has fired `fired` times (once by default).
pub(crate) async fn wait(State(shared): SharedState, Query(query): Parameters) -> Result<Response, Problem> {
    let Some(index) = query.index else {
        return Err(Problem::field("index", "required", "is required"));
    };
    let wanted = query.fired.unwrap_or(1);
    let fired = shared.wait_for(|state| match state.faults.fired(index) {
        Some(fired) if fired < wanted => None,
        known => Some(known),
    });
    let fired = fired.await.ok_or_else(Problem::stopping)?.ok_or_else(|| Problem::not_found("fault"))?;
    Ok(json_response(StatusCode::OK, &json!({ "index": index, "fired": fired })))
}
