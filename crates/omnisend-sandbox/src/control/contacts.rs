//! Reads, adds and deletes contacts without the API.

use std::convert::Infallible;

use axum::body::{Body, Bytes};
use axum::extract::{Query, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde_json::{Map, Value, json};

use crate::contract::{Problem, json_response, read_contact, read_json};
use crate::control::query::{Parameters, SharedState};
use crate::options::StatusMode;
use crate::shared::now;
use crate::state::UpsertPolicy;

/// How many contacts are written while the lock is held.
const CONTACTS_AT_ONCE: usize = 1_000;

/// Returns every contact as a line of JSON, by address. The body is written in parts, so that the sandbox answers other
/// requests meanwhile.
pub(crate) async fn export(
    State(shared): SharedState,
    Query(query): Parameters,
) -> Result<Response, Problem> {
    let (brand, order) = {
        let state = &mut *shared.lock();
        let brand = query.brand(state)?;
        let contacts = state.brand(brand)?.contacts.records.iter();
        let keys = contacts.map(|(i, contact)| (contact.email.id.clone(), contact.phone.id.clone(), i));
        let mut order: Vec<_> = keys.collect();
        order.sort_unstable();
        (brand, order.into_iter().map(|(_, _, index)| index).collect::<Vec<_>>())
    };
    let parts: Vec<Vec<usize>> = order.chunks(CONTACTS_AT_ONCE).map(<[usize]>::to_vec).collect();
    let lines = stream::iter(parts.into_iter().map(move |part| {
        let mut text = String::new();
        if let Ok(brand) = shared.lock().brand(brand) {
            let records = &brand.contacts.records;
            for (index, contact) in part.into_iter().filter_map(|index| Some((index, records.get(index)?))) {
                text.push_str(&contact.full_view(records.id(index)).to_string());
                text.push('\n');
            }
        }
        Ok::<_, Infallible>(text)
    }));
    let media_type = HeaderValue::from_static("application/x-ndjson");
    Ok(([(header::CONTENT_TYPE, media_type)], Body::from_stream(lines)).into_response())
}

/// Adds an array of contacts as `POST /contacts` would, but without welcome messages and limits, and with their statuses
/// as they are sent ([`StatusMode::Last`]). Their identifiers have a short form: `email`, `status`, `statusChangedAt`,
/// `phone`, `smsStatus`, `smsStatusChangedAt`.
pub(crate) async fn seed(
    State(shared): SharedState,
    Query(query): Parameters,
    body: Bytes,
) -> Result<Response, Problem> {
    let values: Vec<Map<String, Value>> = read_json(&body)?;
    let mut drafts = Vec::with_capacity(values.len());
    let mut errors = Vec::new();
    for (i, value) in values.into_iter().enumerate() {
        match read_contact(&Value::Object(long_form(value))) {
            Ok(draft) => drafts.push(draft),
            Err(found) => errors.extend(found.into_iter().map(|error| error.within(&format!("[{i}]")))),
        }
    }
    if !errors.is_empty() {
        return Err(Problem::invalid(errors));
    }
    let policy = UpsertPolicy { plan_limit: None, status_mode: StatusMode::Last, ..shared.upsert_policy() };
    let state = &mut *shared.lock();
    let brand = query.brand(state)?;
    let contacts = &mut state.brand(brand)?.contacts;
    for draft in drafts {
        contacts.upsert(draft, policy, now())?;
    }
    Ok(json_response(StatusCode::CREATED, &json!({ "contacts_count": contacts.records.len() })))
}

/// Deletes the contact with an email address, if it exists.
pub(crate) async fn delete(
    State(shared): SharedState,
    Query(query): Parameters,
) -> Result<StatusCode, Problem> {
    let Some(email) = &query.email else {
        return Err(Problem::field("email", "required", "is required"));
    };
    let state = &mut *shared.lock();
    let brand = query.brand(state)?;
    let contacts = &mut state.brand(brand)?.contacts;
    if let Some(index) = contacts.by_email(email) {
        contacts.delete(index);
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Converts a contact to the form of `POST /contacts`. Removes what only the sandbox shows, so that the output of `GET
/// /_sandbox/contacts` can be added again.
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
    for name in ["contactID", "welcomed", "consent", "createdAt"] {
        short.remove(name);
    }
    short.insert("identifiers".to_owned(), Value::Array(identifiers));
    short
}
