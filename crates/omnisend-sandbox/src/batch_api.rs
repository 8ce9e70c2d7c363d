//! `/batches`: taking one, listing them, showing one.

use std::collections::BTreeMap;

use axum::body::Bytes;
use axum::http::StatusCode;
use axum::response::Response;
use jiff::{Timestamp, civil::Date, tz::Offset};
use serde_json::{Value, json, value::RawValue};
use tokio::time::Instant;

use crate::batches::{Batch, End, Items, Quirks};
use crate::book::Chosen;
use crate::contact_api::{DEFAULT_PAGE, PAGE};
use crate::faults::FaultKind;
use crate::findings::Findings;
use crate::ids::{self, Kind};
use crate::input::{Call, not_json};
use crate::problem::{FieldError, Problem, json as answer};
use crate::shared::Shared;
use crate::state::Brand;
use crate::worker::Job;
use crate::{fields, rules};

const STATUSES: [&str; 4] = ["pending", "inProgress", "finished", "stopped"];

/// What a batch's body holds.
struct Sent {
    items: Bytes,
    total: usize,
    origin: Option<String>,
}

pub(crate) fn create(
    shared: &Shared,
    brand: usize,
    call: &Call,
    chosen: &[Chosen],
) -> Result<Response, Problem> {
    let options = &shared.options;
    let sent = read(call.body()?, options.max_batch_items, options.validate_batches_synchronously)?;
    if options.validate_batches_synchronously {
        check_faults(shared, &sent.items)?;
    }
    let now = shared.now();
    let half = options.batch_delay / 2;
    let batch = Batch {
        created_at: now,
        origin: sent.origin,
        total: sent.total,
        starts: Instant::now() + half,
        started_at: now.checked_add(half).unwrap_or(now),
        items: Items::Sent(sent.items),
        quirks: Quirks::of(chosen),
        end: None,
    };
    let stuck = batch.quirks.stuck;
    let (index, id) = shared.brand(brand, |state| {
        state.batches.push(batch);
        let index = state.batches.len() - 1;
        (index, ids::id(Kind::Batch, brand, index))
    })?;
    if !stuck {
        shared.schedule(Job::Batch { brand, index });
    }
    Ok(answer(StatusCode::CREATED, &json!({ "batchID": id, "totalCount": sent.total })))
}

fn read(body: &Bytes, most: usize, check_items: bool) -> Result<Sent, Problem> {
    let object: BTreeMap<String, &RawValue> =
        serde_json::from_slice(body).map_err(|error| not_json(&error))?;
    let mut found = Findings::default();
    let mut sent = Sent { items: Bytes::new(), total: 0, origin: None };
    for name in ["endpoint", "method", "items"] {
        if !object.contains_key(name) {
            found.add(name, "required", "is required");
        }
    }
    for (name, raw) in object {
        if name == "items" {
            match serde_json::from_str::<Vec<&RawValue>>(raw.get()) {
                Ok(items) if items.is_empty() => found.add(name, "required", "must hold at least one item"),
                Ok(items) if items.len() > most => {
                    found.add(
                        name,
                        "tooMany",
                        format!("must hold at most {most} items, holds {}", items.len()),
                    );
                }
                Ok(items) => {
                    sent.total = items.len();
                    sent.items = body.slice_ref(raw.get().as_bytes());
                }
                Err(_) => found.add(name, "invalidType", "must be an array"),
            }
            continue;
        }
        let value: Value = serde_json::from_str(raw.get()).map_err(|error| not_json(&error))?;
        match (name.as_str(), found.text(&name, &value)) {
            (_, None) | ("endpoint", Some("contacts")) | ("method", Some("POST")) => {}
            ("endpoint", Some(_)) => {
                found.add(name, "invalidValue", "must be `contacts`, all that the sandbox takes");
            }
            ("method", Some(_)) => found.add(name, "invalidValue", "must be `POST`"),
            ("origin", Some(origin)) => sent.origin = Some(origin.to_owned()),
            _ => found.add(name, "unknownField", "is not a property of a batch"),
        }
    }
    found.into_result(()).map_err(Problem::invalid)?;
    if check_items {
        let items: Vec<Value> = serde_json::from_slice(&sent.items).map_err(|error| not_json(&error))?;
        let errors: Vec<_> = items
            .iter()
            .enumerate()
            .filter_map(|(i, item)| rules::read(item, &format!("items[{i}].")).err())
            .flatten()
            .collect();
        if !errors.is_empty() {
            return Err(Problem::invalid(errors));
        }
    }
    Ok(sent)
}

/// Refuses a batch whole for the contacts that faults refuse, where batches are checked before they are taken.
fn check_faults(shared: &Shared, items: &Bytes) -> Result<(), Problem> {
    let items: Vec<Value> = serde_json::from_slice(items).map_err(|error| not_json(&error))?;
    let faults = &mut shared.lock().faults;
    let mut errors = Vec::new();
    for (i, item) in items.iter().enumerate() {
        let email = rules::read(item, "").ok().and_then(|draft| draft.email);
        let refusal = email.and_then(|email| faults.refusal(&email.id));
        let named = refusal.map(Problem::into_errors).into_iter().flatten();
        errors
            .extend(named.map(|error| FieldError { field: format!("items[{i}].{}", error.field), ..error }));
    }
    if errors.is_empty() { Ok(()) } else { Err(Problem::invalid(errors)) }
}

pub(crate) fn list(
    shared: &Shared,
    brand: usize,
    call: &Call,
    chosen: &[Chosen],
) -> Result<Response, Problem> {
    let mut parameters = call.parameters();
    let limit = parameters.number("limit", PAGE, DEFAULT_PAGE);
    let offset = parameters.number("offset", (0, usize::MAX), 0);
    let endpoint = parameters.take("endpoint");
    if endpoint.as_deref().is_some_and(|endpoint| !["contacts", "products", "events"].contains(&endpoint)) {
        parameters.found.add("endpoint", "invalidValue", "must be `contacts`, `products` or `events`");
    }
    let status = parameters.take("status");
    if status.as_deref().is_some_and(|status| !STATUSES.contains(&status)) {
        parameters.found.add("status", "invalidValue", format!("must be one of {}", STATUSES.join(", ")));
    }
    let mut day = |name: &str| {
        let text = parameters.take(name)?;
        let day = fields::date(&text);
        if day.is_none() {
            parameters.found.add(name, "invalidFormat", "must be a date as YYYY-MM-DD");
        }
        day
    };
    let (from, to) = (day("dateFrom"), day("dateTo"));
    parameters.finish()?;

    let (now, clock) = (Instant::now(), shared.now());
    shared.brand(brand, |state| {
        shift(state, chosen, now, clock);
        let wanted = |batch: &Batch| {
            let day = day_of(batch.created_at);
            endpoint.as_deref().is_none_or(|endpoint| endpoint == "contacts")
                && status.as_deref().is_none_or(|status| status == batch.status(now))
                && from.is_none_or(|from| from <= day)
                && to.is_none_or(|to| day <= to)
        };
        let mut rest = state.batches.iter().enumerate().rev().filter(|(_, batch)| wanted(batch)).skip(offset);
        let page: Vec<_> =
            rest.by_ref().take(limit).map(|(index, batch)| batch.view(brand, index, now)).collect();
        let paging = json!({ "offset": offset, "limit": limit, "hasMore": rest.next().is_some() });
        answer(StatusCode::OK, &json!({ "batches": page, "paging": paging }))
    })
}

fn day_of(at: Timestamp) -> Date {
    Offset::UTC.to_datetime(at).date()
}

/// Puts another integration's batches in front, where a fault asks for it.
fn shift(state: &mut Brand, chosen: &[Chosen], now: Instant, clock: Timestamp) {
    let by =
        chosen.iter().map(|chosen| if let FaultKind::ShiftListing { by } = chosen.kind { by } else { 0 });
    for _ in 0..by.sum() {
        state.batches.push(Batch {
            created_at: clock,
            origin: Some("another integration".to_owned()),
            total: 0,
            starts: now,
            started_at: clock,
            items: Items::Sent(Bytes::from_static(b"[]")),
            quirks: Quirks::default(),
            end: Some(End::nothing(clock)),
        });
    }
}

pub(crate) fn show(shared: &Shared, brand: usize, call: &Call, id: &str) -> Result<Response, Problem> {
    call.parameters().finish()?;
    let now = Instant::now();
    shared.brand(brand, |state| {
        let (index, batch) = find(state, brand, id)?;
        Ok(answer(StatusCode::OK, &batch.view(brand, index, now)))
    })?
}

pub(crate) fn items(shared: &Shared, brand: usize, call: &Call, id: &str) -> Result<Response, Problem> {
    call.parameters().finish()?;
    let now = Instant::now();
    shared.brand(brand, |state| {
        let (index, batch) = find(state, brand, id)?;
        let unreadable = |error: String| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, error);
        let items = batch.items().map_err(|error| unreadable(error.to_string()))?;
        let detail = batch.detail((brand, index), &items, &state.contacts, now);
        Ok(answer(StatusCode::OK, &detail.map_err(|error| unreadable(error.to_string()))?))
    })?
}

fn find<'s>(state: &'s Brand, brand: usize, id: &str) -> Result<(usize, &'s Batch), Problem> {
    ids::index(Kind::Batch, brand, id)
        .and_then(|index| Some((index, state.batches.get(index)?)))
        .ok_or_else(|| Problem::not_found("batch"))
}
