//! `/_sandbox`: what a test sets, reads and waits for.
//!
//! Where there are several brands, `?key=<API key>` or `?brand=<number from 0>` picks one; without either it is the
//! first.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, Query, State as Extracted};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use futures_util::stream;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use crate::contacts::Policy;
use crate::faults::Fault;
use crate::problem::{FieldError, Problem, json as answer};
use crate::rules;
use crate::shared::Shared;
use crate::state::State;

/// The largest body of a control request: some hundred thousand contacts.
const MAX_BODY: usize = 256_000_000;
/// How many contacts are written while the lock is held.
const CONTACTS_AT_ONCE: usize = 1_000;

type Sandbox = Extracted<Arc<Shared>>;

/// What a control request may say in its query.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Choice {
    key: Option<String>,
    pub(crate) brand: usize,
    /// Of a fault, to wait for.
    index: Option<usize>,
    /// How often that fault must have fallen.
    fired: Option<u32>,
    /// Whether the state includes every contact; true unless said otherwise.
    contacts: Option<bool>,
    /// Of a contact, to delete.
    email: Option<String>,
    /// What the page shows of contacts.
    pub(crate) q: String,
}

pub(crate) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/_sandbox/state", get(state))
        .route("/_sandbox/contacts", get(contacts).post(seed).delete(delete))
        .route("/_sandbox/requests", get(requests))
        .route("/_sandbox/faults", get(faults).post(add_faults).delete(clear_faults))
        .route("/_sandbox/faults/wait", get(wait_for_fault))
        .route("/_sandbox/idle", get(wait_until_idle))
        .route("/_sandbox/traffic", post(traffic))
        .route("/_sandbox/keys", post(replace_key))
        .route("/_sandbox/{*rest}", any(async || Problem::not_found("control endpoint")))
        .layer(DefaultBodyLimit::max(MAX_BODY))
}

impl Choice {
    /// The brand that is meant.
    pub(crate) fn pick(&self, state: &mut State) -> Result<usize, Problem> {
        match &self.key {
            Some(key) => state.brand_of(key).ok_or_else(|| Problem::not_found("key")),
            None => state.brand(self.brand).map(|_| self.brand).map_err(|_| Problem::not_found("brand")),
        }
    }
}

async fn state(Extracted(shared): Sandbox, Query(choice): Query<Choice>) -> Result<Response, Problem> {
    let now = Instant::now();
    let state = &mut *shared.lock();
    let index = choice.pick(state)?;
    let mut brands = Vec::new();
    for (index, brand) in state.brands.iter_mut().enumerate() {
        let (peak, with_traffic) = brand.windows.all.peaks();
        let (own, all) = brand.windows.all.in_window(now);
        let mut view = brand.view(index);
        let more = json!({
            "key": brand.key,
            "contacts_count": brand.contacts.len(),
            "batches_count": brand.batches.len(),
            "welcome_mails": brand.contacts.welcome_mails,
            "rate_limited": brand.rate_limited,
            "in_window": own,
            "in_window_with_traffic": all,
            "peak_in_window": peak,
            "peak_in_window_with_traffic": with_traffic,
        });
        if let (Some(view), Value::Object(more)) = (view.as_object_mut(), more) {
            view.extend(more);
        }
        brands.push(view);
    }
    let mut view = brands.get(index).and_then(Value::as_object).cloned().unwrap_or_default();
    let brand = state.brand(index)?;
    let everyone = if choice.contacts.unwrap_or(true) { brand.contacts.len() } else { 0 };
    let contacts = brand.contacts.iter().take(everyone);
    let contacts: Vec<_> = contacts.filter_map(|(index, _)| brand.contacts.full(index)).collect();
    let newest_first = brand.batches.iter().enumerate().rev();
    let batches: Vec<_> = newest_first.map(|(i, batch)| batch.view(index, i, now)).collect();
    let segments = brand.segments.iter().enumerate();
    let segments: Vec<_> = segments.filter_map(|(i, s)| Some(s.as_ref()?.view(index, i, now))).collect();
    let rest = json!({
        "requests_per_minute": shared.options.requests_per_minute,
        "contacts": contacts,
        "batches": batches,
        "segments": segments,
        "requests": state.counters.requests,
        "answers": state.counters.answers,
        "pending_jobs": state.pending,
        "brands": brands,
    });
    view.extend(rest.as_object().cloned().unwrap_or_default());
    Ok(answer(StatusCode::OK, &view))
}

/// Every contact as a line of JSON, by address; written in parts, so that the API is answered meanwhile.
async fn contacts(Extracted(shared): Sandbox, Query(choice): Query<Choice>) -> Result<Response, Problem> {
    let (brand, order) = {
        let state = &mut *shared.lock();
        let brand = choice.pick(state)?;
        let contacts = &state.brand(brand)?.contacts;
        let mut order: Vec<_> =
            contacts.iter().map(|(i, contact)| (contact.email.clone(), contact.phone.clone(), i)).collect();
        order.sort_unstable();
        (brand, order.into_iter().map(|(_, _, index)| index).collect::<Vec<_>>())
    };
    let parts: Vec<Vec<usize>> = order.chunks(CONTACTS_AT_ONCE).map(<[usize]>::to_vec).collect();
    let lines = stream::iter(parts.into_iter().map(move |part| {
        let mut text = String::new();
        if let Ok(brand) = shared.lock().brand(brand) {
            for view in part.into_iter().filter_map(|index| brand.contacts.full(index)) {
                text.push_str(&view.to_string());
                text.push('\n');
            }
        }
        Ok::<_, std::convert::Infallible>(text)
    }));
    let kind = [(header::CONTENT_TYPE, HeaderValue::from_static("application/x-ndjson"))];
    Ok((kind, Body::from_stream(lines)).into_response())
}

/// Puts contacts there, as `POST /contacts` would but without a welcome or a limit: an array of contacts whose
/// identifiers are written short, as `email`, `status`, `statusChangedAt`, `phone`, `smsStatus`.
async fn seed(
    Extracted(shared): Sandbox,
    Query(choice): Query<Choice>,
    body: Bytes,
) -> Result<Response, Problem> {
    let values: Vec<Map<String, Value>> = read(&body)?;
    let mut drafts = Vec::with_capacity(values.len());
    let mut errors: Vec<FieldError> = Vec::new();
    for (i, value) in values.into_iter().enumerate() {
        match rules::read(&Value::Object(long_form(value)), &format!("[{i}].")) {
            Ok(draft) => drafts.push(draft),
            Err(found) => errors.extend(found),
        }
    }
    if !errors.is_empty() {
        return Err(Problem::invalid(errors));
    }
    let policy = Policy { plan_limit: None, ..shared.policy() };
    let now = shared.now();
    let state = &mut *shared.lock();
    let brand = choice.pick(state)?;
    let contacts = &mut state.brand(brand)?.contacts;
    for draft in drafts {
        contacts.upsert(draft, policy, now)?;
    }
    Ok(answer(StatusCode::CREATED, &json!({ "contacts_count": contacts.len() })))
}

/// Deletes a contact, by its address; one that is not there is fine.
async fn delete(Extracted(shared): Sandbox, Query(choice): Query<Choice>) -> Result<StatusCode, Problem> {
    let Some(email) = &choice.email else {
        return Err(Problem::field("email", "required", "is required"));
    };
    let state = &mut *shared.lock();
    let brand = choice.pick(state)?;
    let contacts = &mut state.brand(brand)?.contacts;
    if let Some(index) = contacts.by_email(email) {
        contacts.delete(index);
    }
    Ok(StatusCode::NO_CONTENT)
}

/// A contact in the form of `POST /contacts`. What only the sandbox says of a contact is left out, so that what
/// `GET /_sandbox/contacts` shows can be put back.
fn long_form(mut short: Map<String, Value>) -> Map<String, Value> {
    let mut identifiers = Vec::new();
    for (kind, channel, status, changed_at) in
        [("email", "email", "status", "statusChangedAt"), ("phone", "sms", "smsStatus", "smsStatusChangedAt")]
    {
        let (status, changed_at) = (short.remove(status), short.remove(changed_at));
        let Some(id) = short.remove(kind) else { continue };
        let mut identifier = json!({ "type": kind, "id": id, "sendWelcomeMessage": false });
        if let (Some(status), Some(map)) = (status, identifier.as_object_mut()) {
            let mut state = Map::from_iter([("status".to_owned(), status)]);
            state.extend(changed_at.map(|at| ("statusChangedAt".to_owned(), at)));
            map.insert("channels".to_owned(), json!({ channel: state }));
        }
        identifiers.push(identifier);
    }
    for name in ["contactID", "welcomed", "consent"] {
        short.remove(name);
    }
    short.insert("identifiers".to_owned(), Value::Array(identifiers));
    short
}

async fn requests(Extracted(shared): Sandbox) -> Response {
    answer(StatusCode::OK, &shared.lock().log.view())
}

async fn faults(Extracted(shared): Sandbox) -> Response {
    answer(StatusCode::OK, &shared.lock().faults.view())
}

/// Adds faults behind those in force: an array, each as an object or as text.
async fn add_faults(Extracted(shared): Sandbox, body: Bytes) -> Result<Response, Problem> {
    let mut faults: Vec<Fault> = Vec::new();
    for (i, value) in read::<Vec<Value>>(&body)?.into_iter().enumerate() {
        let fault = match &value {
            Value::String(text) => text.parse().map_err(|error: crate::InvalidFault| error.to_string()),
            _ => serde_json::from_value(value).map_err(|error| error.to_string()),
        };
        faults.push(fault.map_err(|error| Problem::field(&format!("[{i}]"), "invalidFault", error))?);
    }
    let count = faults.len();
    let first = shared.lock().faults.add(faults);
    let indexes: Vec<usize> = (first..first + count).collect();
    Ok(answer(StatusCode::CREATED, &json!({ "indexes": indexes })))
}

async fn clear_faults(Extracted(shared): Sandbox) -> StatusCode {
    shared.lock().faults.clear();
    shared.touch();
    StatusCode::NO_CONTENT
}

/// Answers once fault `index` has fallen `fired` times (once, where that is not said).
async fn wait_for_fault(
    Extracted(shared): Sandbox,
    Query(choice): Query<Choice>,
) -> Result<Response, Problem> {
    let Some(index) = choice.index else {
        return Err(Problem::field("index", "required", "is required"));
    };
    let wanted = choice.fired.unwrap_or(1);
    let fired = shared.wait_for(|state| match state.faults.fired(index) {
        Some(fired) if fired < wanted => None,
        known => Some(known),
    });
    match fired.await {
        Some(Some(fired)) => Ok(answer(StatusCode::OK, &json!({ "index": index, "fired": fired }))),
        Some(None) => Err(Problem::not_found("fault")),
        None => Err(stopping()),
    }
}

/// Answers once every accepted batch and change of tags is done; stuck batches apart.
async fn wait_until_idle(Extracted(shared): Sandbox) -> Result<StatusCode, Problem> {
    let idle = shared.wait_for(|state| (state.pending == 0).then_some(()));
    idle.await.map(|()| StatusCode::NO_CONTENT).ok_or_else(stopping)
}

fn stopping() -> Problem {
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "The sandbox is stopping.")
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Traffic {
    requests_per_minute: u32,
}

/// Has another integration use the brand's limit from now on; 0 ends it.
async fn traffic(
    Extracted(shared): Sandbox,
    Query(choice): Query<Choice>,
    body: Bytes,
) -> Result<StatusCode, Problem> {
    let Traffic { requests_per_minute } = read(&body)?;
    let state = &mut *shared.lock();
    let brand = choice.pick(state)?;
    state.brand(brand)?.windows.all.set_traffic(requests_per_minute, Instant::now());
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Keys {
    replace: String,
    with: String,
}

/// Rotates a key: the brand has the new one, and the old one answers 401 from now on.
async fn replace_key(Extracted(shared): Sandbox, body: Bytes) -> Result<StatusCode, Problem> {
    let Keys { replace, with } = read(&body)?;
    let replaced = shared.lock().replace_key(&replace, &with);
    replaced.map(|_| StatusCode::NO_CONTENT).ok_or_else(|| Problem::not_found("key"))
}

fn read<T: serde::de::DeserializeOwned>(body: &Bytes) -> Result<T, Problem> {
    serde_json::from_slice(body).map_err(|error| crate::input::not_json(&error))
}
