//! `/_sandbox`: what a test reads, sets and waits for.
//!
//! `?key=<API key>` or `?brand=<number from 0>` picks a brand; without either, it is the first.

mod brands;
mod contacts;
mod faults;
mod overview;
mod query;
mod segments;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{any, get, post};

use crate::contract::Problem;
use crate::shared::Shared;

pub(crate) use query::{ControlQuery, Parameters, SharedState};

/// The largest body of a control request, in bytes: some hundred thousand contacts.
const MAX_BODY: usize = 256_000_000;

pub(crate) fn routes<S: Clone + Send + Sync + 'static>(shared: Arc<Shared>) -> Router<S> {
    Router::new()
        .route("/_sandbox/state", get(overview::state))
        .route("/_sandbox/requests", get(overview::requests))
        .route("/_sandbox/idle", get(overview::wait_until_idle))
        .route("/_sandbox/contacts", get(contacts::export).post(contacts::seed).delete(contacts::delete))
        .route("/_sandbox/faults", get(faults::list).post(faults::add).delete(faults::clear))
        .route("/_sandbox/faults/wait", get(faults::wait))
        .route("/_sandbox/traffic", post(brands::set_traffic))
        .route("/_sandbox/keys", post(brands::replace_key))
        .route("/_sandbox/segments", post(segments::seed))
        .route("/_sandbox/segments/archive", post(segments::archive))
        .route("/_sandbox/{*rest}", any(async || Problem::not_found("control endpoint")))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(shared)
}
