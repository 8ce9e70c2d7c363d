//! Reads the body of `/contacts/tags`: tags to add to contacts, or to remove from them.
//!
//! Published: up to 100 tags, 250 emails and 250 contact ids. Undocumented, chosen: up to 250 phones, and contacts must
//! be named in at least one way.

use serde_json::Value;

use crate::contract::contact_body::MAX_TAGS;
use crate::contract::field_errors::FieldErrors;
use crate::contract::formats;
use crate::contract::problem::Problem;

/// The most contacts that a request names in one way (published).
const MAX_CONTACTS: usize = 250;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum TagAction {
    #[default]
    Add,
    Remove,
}

/// Tags, and the contacts to change.
#[derive(Debug, Default)]
pub(crate) struct TagChange {
    pub(crate) action: TagAction,
    pub(crate) tags: Vec<String>,
    pub(crate) emails: Vec<String>,
    pub(crate) phones: Vec<String>,
    pub(crate) ids: Vec<String>,
    /// The index of a segment whose contacts are changed.
    pub(crate) segment: Option<usize>,
}

impl TagChange {
    /// Reads a change. `find_segment` returns the index of the segment with an id.
    pub(crate) fn read(
        action: TagAction,
        value: &Value,
        find_segment: impl Fn(&str) -> Option<usize>,
    ) -> Result<Self, Problem> {
        let mut change = Self { action, ..Self::default() };
        let mut errors = FieldErrors::default();
        let Some(object) = errors.object("", value) else { return errors.finish().map(|()| change) };
        if !object.contains_key("tags") {
            errors.add("tags", "required", "is required");
        }
        if !["emails", "contactIDs", "phones", "segmentID"].iter().any(|name| object.contains_key(*name)) {
            let message = "must name contacts by `emails`, `contactIDs`, `phones` or `segmentID`";
            errors.add("", "required", message);
        }
        for (name, value) in object {
            match name.as_str() {
                "tags" => {
                    change.tags = errors.strings(name, value, MAX_TAGS, formats::tag);
                    if value.as_array().is_some_and(Vec::is_empty) {
                        errors.add(name, "required", "must hold at least one tag");
                    }
                }
                "emails" => change.emails = errors.strings(name, value, MAX_CONTACTS, formats::email),
                "phones" => change.phones = errors.strings(name, value, MAX_CONTACTS, formats::phone),
                "contactIDs" => change.ids = errors.strings(name, value, MAX_CONTACTS, |_| Ok(())),
                "segmentID" => {
                    let Some(id) = errors.text(name, value) else { continue };
                    change.segment = find_segment(id);
                    if change.segment.is_none() {
                        errors.add(name, "notFound", "is not a segment of this brand");
                    }
                }
                _ => errors.add(name, "unknownField", "is not a property of this request"),
            }
        }
        errors.finish().map(|()| change)
    }
}
