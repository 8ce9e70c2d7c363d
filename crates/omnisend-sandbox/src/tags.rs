//! `/contacts/tags`: tags added to contacts, or taken from them.
//!
//! Published: up to 100 tags, 250 emails, 250 contact ids; 202 and asynchronous; unknown emails are silently ignored.
//! Undocumented, chosen: at most 250 phones; at least one way of naming contacts; no body in the answer; those that
//! a segment holds are found when the change is applied.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::findings::Findings;
use crate::ids::{self, Kind};
use crate::input::Call;
use crate::problem::Problem;
use crate::rules::{self, MAX_TAGS};
use crate::shared::Shared;
use crate::state::Brand;
use crate::worker::Job;

/// The most contacts that a request names in one way (published).
const MAX_CONTACTS: usize = 250;

/// Tags to add or to take away, and from whom.
#[derive(Debug, Default)]
pub(crate) struct TagChange {
    remove: bool,
    tags: Vec<String>,
    emails: Vec<String>,
    phones: Vec<String>,
    ids: Vec<String>,
    segment: Option<usize>,
}

pub(crate) fn change(shared: &Shared, brand: usize, call: &Call, remove: bool) -> Result<Response, Problem> {
    call.parameters().finish()?;
    let value = call.json()?;
    let mut found = Findings::default();
    let mut change = TagChange { remove, ..TagChange::default() };
    let Some(object) = found.object("", &value) else {
        return Err(Problem::field("", "invalidType", "must be an object"));
    };
    if !object.contains_key("tags") {
        found.add("tags", "required", "is required");
    }
    if !["emails", "contactIDs", "phones", "segmentID"].iter().any(|name| object.contains_key(*name)) {
        found.add("", "required", "must name contacts by `emails`, `contactIDs`, `phones` or `segmentID`");
    }
    for (name, value) in object {
        match name.as_str() {
            "tags" => {
                change.tags = found.strings(name, value, MAX_TAGS, rules::check_tag);
                if value.as_array().is_some_and(Vec::is_empty) {
                    found.add(name, "required", "must hold at least one tag");
                }
            }
            "emails" => change.emails = found.strings(name, value, MAX_CONTACTS, rules::check_email),
            "phones" => change.phones = found.strings(name, value, MAX_CONTACTS, rules::check_phone),
            "contactIDs" => change.ids = found.strings(name, value, MAX_CONTACTS, |_| Ok(())),
            "segmentID" => {
                let Some(id) = found.text(name, value) else { continue };
                let known = |state: &mut Brand| {
                    ids::index(Kind::Segment, brand, id).filter(|&i| state.segment(i).is_some())
                };
                change.segment = shared.brand(brand, known)?;
                if change.segment.is_none() {
                    found.add(name, "notFound", "is not a segment of this brand");
                }
            }
            _ => found.add(name, "unknownField", "is not a property of this request"),
        }
    }
    found.into_result(()).map_err(Problem::invalid)?;
    shared.schedule(Job::Tags { brand, change });
    Ok(StatusCode::ACCEPTED.into_response())
}

impl TagChange {
    /// Changes the contacts that there are; the others are ignored.
    pub(crate) fn apply(self, brand: &mut Brand) {
        let contacts = &brand.contacts;
        let mut indexes: Vec<usize> = self
            .emails
            .iter()
            .filter_map(|email| contacts.by_email(email))
            .chain(self.phones.iter().filter_map(|phone| contacts.by_phone(phone)))
            .chain(self.ids.iter().filter_map(|id| contacts.by_id(id)))
            .collect();
        if let Some(segment) = self.segment.and_then(|index| brand.segment(index)) {
            indexes.extend(
                contacts.iter().filter(|(_, contact)| segment.holds(contact)).map(|(index, _)| index),
            );
        }
        for index in indexes {
            if self.remove {
                brand.contacts.remove_tags(index, &self.tags);
            } else {
                brand.contacts.add_tags(index, &self.tags);
            }
        }
    }
}
