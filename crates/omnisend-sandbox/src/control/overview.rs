//! Reads the state and the received requests.

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use crate::contract::{Problem, json_response};
use crate::control::query::{Parameters, SharedState};
use crate::state::{BatchView, Brand};

/// Returns everything about one brand, the counts of all requests, and a summary of each brand.
pub(crate) async fn state(State(shared): SharedState, Query(query): Parameters) -> Result<Response, Problem> {
    let now = Instant::now();
    let state = &mut *shared.lock();
    let index = query.brand(state)?;
    let brands: Vec<_> = state.brands.iter_mut().map(|brand| summary(brand, now)).collect();
    let brand = state.brand(index)?;
    let everyone = if query.contacts.unwrap_or(true) { usize::MAX } else { 0 };
    let contacts = brand.contacts.records.iter().take(everyone);
    let contacts = contacts.map(|(i, contact)| contact.full_view(brand.contacts.records.id(i)));
    let batches = brand.batches.iter().rev();
    let batches = batches.map(|(i, batch)| BatchView::new(batch, brand.batches.id(i), now));
    let segments = brand.segments.iter();
    let segments = segments.map(|(i, segment)| segment.view(&brand.segments.id(i), now));
    let rest = json!({
        "requests_per_minute": shared.options.requests_per_minute,
        "contacts": contacts.collect::<Vec<_>>(),
        "batches": batches.collect::<Vec<_>>(),
        "segments": segments.collect::<Vec<_>>(),
        "requests": state.log.requests,
        "answers": state.log.answers,
        "pending_jobs": state.pending,
        "brands": brands,
    });
    let mut view = brands.into_iter().nth(index).unwrap_or_default();
    view.extend(rest.as_object().cloned().unwrap_or_default());
    Ok(json_response(StatusCode::OK, &view))
}

fn summary(brand: &mut Brand, now: Instant) -> Map<String, Value> {
    let (peak, with_traffic) = brand.windows.all.peaks();
    let (own, all) = brand.windows.all.in_window(now);
    let counts = json!({
        "key": brand.key,
        "contacts_count": brand.contacts.records.len(),
        "batches_count": brand.batches.len(),
        "welcome_mails": brand.contacts.welcome_mails,
        "rate_limited": brand.rate_limited,
        "in_window": own,
        "in_window_with_traffic": all,
        "peak_in_window": peak,
        "peak_in_window_with_traffic": with_traffic,
    });
    [brand.view(), counts].iter().filter_map(Value::as_object).flat_map(Map::clone).collect()
}

/// Returns the last requests, the oldest first.
pub(crate) async fn requests(State(shared): SharedState) -> Response {
    json_response(StatusCode::OK, shared.lock().log.last())
}

/// Returns when every accepted batch and change of tags is done, except stuck batches.
pub(crate) async fn wait_until_idle(State(shared): SharedState) -> Result<StatusCode, Problem> {
    let idle = shared.wait_for(|state| (state.pending == 0).then_some(()));
    idle.await.map(|()| StatusCode::NO_CONTENT).ok_or_else(Problem::stopping)
}
