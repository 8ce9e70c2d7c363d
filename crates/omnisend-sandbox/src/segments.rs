//! `/segments`: a named condition on contacts' tags.
//!
//! Published: the body, 201, the listing by cursor, `{"contactsCount"}`, 409 to PUT and DELETE while `building`.
//! Undocumented, chosen: a segment is `building` for as long as a batch takes here, and `ready` then; PUT replaces it
//! whole; DELETE answers 204; conditions and groups must all hold. Of the filters the sandbox keeps `tags` `anyOf`,
//! and refuses the others instead of counting wrong.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::contact_api::{DEFAULT_PAGE, PAGE, paged};
use crate::contacts::{Contact, time};
use crate::findings::Findings;
use crate::ids::{self, Kind};
use crate::input::Call;
use crate::problem::{Problem, json as answer};
use crate::shared::Shared;
use crate::state::Brand;

/// The longest name, in characters (published).
const MAX_NAME: usize = 256;

/// A segment.
#[derive(Debug)]
pub(crate) struct Segment {
    name: String,
    groups: Value,
    /// Every one of these must hold.
    conditions: Vec<Condition>,
    created_at: Timestamp,
    updated_at: Timestamp,
    ready: Instant,
}

/// Filters, of which all or any must hold.
#[derive(Debug)]
struct Condition {
    all: bool,
    any_of: Vec<Vec<String>>,
}

impl Segment {
    /// Whether a contact is in it.
    pub(crate) fn holds(&self, contact: &Contact) -> bool {
        let has = |tags: &Vec<String>| tags.iter().any(|tag| contact.tags.iter().any(|held| **held == **tag));
        self.conditions.iter().all(|condition| {
            if condition.all { condition.any_of.iter().all(has) } else { condition.any_of.iter().any(has) }
        })
    }

    pub(crate) fn view(&self, brand: usize, index: usize, now: Instant) -> Value {
        json!({
            "segmentID": ids::id(Kind::Segment, brand, index),
            "name": self.name,
            "status": if self.is_building(now) { "building" } else { "ready" },
            "conditionGroups": self.groups,
            "createdAt": time(self.created_at),
            "updatedAt": time(self.updated_at),
        })
    }

    fn is_building(&self, now: Instant) -> bool {
        now < self.ready
    }
}

impl Brand {
    pub(crate) fn segment(&self, index: usize) -> Option<&Segment> {
        self.segments.get(index).and_then(Option::as_ref)
    }
}

pub(crate) fn create(shared: &Shared, brand: usize, call: &Call) -> Result<Response, Problem> {
    call.parameters().finish()?;
    let segment = read(shared, &call.json()?)?;
    shared.brand(brand, |state| {
        let index = state.segments.len();
        let view = segment.view(brand, index, Instant::now());
        state.segments.push(Some(segment));
        answer(StatusCode::CREATED, &view)
    })
}

pub(crate) fn list(shared: &Shared, brand: usize, call: &Call) -> Result<Response, Problem> {
    let mut parameters = call.parameters();
    let limit = parameters.number("limit", PAGE, DEFAULT_PAGE);
    let after = parameters.take("after");
    parameters.finish()?;
    let now = Instant::now();
    shared.brand(brand, |state| {
        let first = match &after {
            None => 0,
            Some(cursor) => match ids::index(Kind::Segment, brand, cursor) {
                Some(index) => index.saturating_add(1),
                None => {
                    return Err(Problem::field("after", "invalidValue", "is not a cursor of this listing"));
                }
            },
        };
        let all = state.segments.iter().enumerate().skip(first);
        let mut rest = all.filter_map(|(index, segment)| Some((index, segment.as_ref()?)));
        let page: Vec<_> =
            rest.by_ref().take(limit).map(|(i, segment)| (i, segment.view(brand, i, now))).collect();
        let more = rest.next().is_some();
        Ok(paged("segments", page, more, |index| ids::id(Kind::Segment, brand, index)))
    })?
}

pub(crate) fn show(shared: &Shared, brand: usize, call: &Call, id: &str) -> Result<Response, Problem> {
    call.parameters().finish()?;
    let now = Instant::now();
    shared.brand(brand, |state| {
        let (index, segment) = find(state, brand, id)?;
        Ok(answer(StatusCode::OK, &segment.view(brand, index, now)))
    })?
}

pub(crate) fn statistics(shared: &Shared, brand: usize, call: &Call, id: &str) -> Result<Response, Problem> {
    call.parameters().finish()?;
    shared.brand(brand, |state| {
        let (_, segment) = find(state, brand, id)?;
        let count = state.contacts.iter().filter(|(_, contact)| segment.holds(contact)).count();
        Ok(answer(StatusCode::OK, &json!({ "contactsCount": count })))
    })?
}

pub(crate) fn replace(shared: &Shared, brand: usize, call: &Call, id: &str) -> Result<Response, Problem> {
    call.parameters().finish()?;
    let new = read(shared, &call.json()?)?;
    let now = Instant::now();
    shared.brand(brand, |state| {
        let (index, old) = settled(state, brand, id, now)?;
        let segment = Segment { created_at: old.created_at, ..new };
        let view = segment.view(brand, index, now);
        if let Some(place) = state.segments.get_mut(index) {
            *place = Some(segment);
        }
        Ok(answer(StatusCode::OK, &view))
    })?
}

pub(crate) fn delete(shared: &Shared, brand: usize, call: &Call, id: &str) -> Result<Response, Problem> {
    call.parameters().finish()?;
    let now = Instant::now();
    shared.brand(brand, |state| {
        let (index, _) = settled(state, brand, id, now)?;
        if let Some(place) = state.segments.get_mut(index) {
            *place = None;
        }
        Ok(StatusCode::NO_CONTENT.into_response())
    })?
}

fn find<'s>(state: &'s Brand, brand: usize, id: &str) -> Result<(usize, &'s Segment), Problem> {
    ids::index(Kind::Segment, brand, id)
        .and_then(|index| Some((index, state.segment(index)?)))
        .ok_or_else(|| Problem::not_found("segment"))
}

fn settled<'s>(
    state: &'s Brand,
    brand: usize,
    id: &str,
    now: Instant,
) -> Result<(usize, &'s Segment), Problem> {
    let found = find(state, brand, id)?;
    if found.1.is_building(now) {
        return Err(Problem::new(StatusCode::CONFLICT, "The segment is building."));
    }
    Ok(found)
}

fn read(shared: &Shared, value: &Value) -> Result<Segment, Problem> {
    let mut found = Findings::default();
    let mut name = None;
    let mut groups = None;
    let mut conditions = Vec::new();
    for (key, value) in found.object("", value).into_iter().flatten() {
        match key.as_str() {
            "name" => name = found.text(key, value),
            "conditionGroups" => {
                groups = Some(value);
                each(&mut found, key, value, |found, place, group| {
                    only(found, place, group, &["conditions"]);
                    let list = group.get("conditions").unwrap_or(&Value::Null);
                    each(found, &format!("{place}.conditions"), list, |found, place, value| {
                        conditions.push(condition(found, place, value));
                    });
                });
            }
            _ => found.add(key, "unknownField", "is not a property of a segment"),
        }
    }
    match name {
        Some(name) if (1..=MAX_NAME).contains(&name.chars().count()) => {}
        Some(_) => found.add("name", "invalidFormat", format!("must be 1 to {MAX_NAME} characters")),
        None => found.add("name", "required", "must be a string"),
    }
    if groups.is_none() {
        found.add("conditionGroups", "required", "is required");
    }
    found.into_result(()).map_err(Problem::invalid)?;
    let now = shared.now();
    Ok(Segment {
        name: name.unwrap_or_default().to_owned(),
        groups: groups.cloned().unwrap_or_default(),
        conditions,
        created_at: now,
        updated_at: now,
        ready: Instant::now() + shared.options.batch_delay,
    })
}

fn condition(found: &mut Findings, place: &str, value: &Value) -> Condition {
    only(found, place, value, &["entity", "junction", "filters"]);
    choice(found, place, value, "entity", &["contact"]);
    let all = choice(found, place, value, "junction", &["and", "or"]) != Some("or");
    let mut any_of = Vec::new();
    let filters = value.get("filters").unwrap_or(&Value::Null);
    each(found, &format!("{place}.filters"), filters, |found, place, filter| {
        only(found, place, filter, &["property", "operator", "value"]);
        choice(found, place, filter, "property", &["tags"]);
        choice(found, place, filter, "operator", &["anyOf"]);
        let tags = filter.get("value").unwrap_or(&Value::Null);
        any_of.push(found.strings(&format!("{place}.value"), tags, usize::MAX, crate::rules::check_tag));
    });
    Condition { all, any_of }
}

/// Calls for every object of an array, of which there must be one.
fn each(found: &mut Findings, place: &str, value: &Value, mut read: impl FnMut(&mut Findings, &str, &Value)) {
    let Some(values) = found.array(place, value) else { return };
    if values.is_empty() {
        found.add(place, "required", "must not be empty");
    }
    for (i, value) in values.iter().enumerate() {
        let place = format!("{place}[{i}]");
        if found.object(&place, value).is_some() {
            read(found, &place, value);
        }
    }
}

/// Refuses properties that an object does not have.
fn only(found: &mut Findings, place: &str, value: &Value, known: &[&str]) {
    for key in value.as_object().into_iter().flatten().map(|(key, _)| key) {
        if !known.contains(&key.as_str()) {
            found.add(format!("{place}.{key}"), "unknownField", "is not known here");
        }
    }
}

/// A property that must be one of some words.
fn choice<'v>(
    found: &mut Findings,
    place: &str,
    value: &'v Value,
    key: &str,
    words: &[&str],
) -> Option<&'v str> {
    let chosen = value.get(key).and_then(Value::as_str).filter(|word| words.contains(word));
    if chosen.is_none() {
        found.add(format!("{place}.{key}"), "invalidValue", format!("must be `{}`", words.join("` or `")));
    }
    chosen
}
