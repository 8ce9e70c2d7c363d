//! A segment of a brand.
//!
//! Undocumented, chosen: a segment is `building` for as long as a batch takes, and `ready` after that.

use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::contract::SegmentBody;
use crate::state::contact::{Contact, time};

#[derive(Debug)]
pub(crate) struct Segment {
    pub(crate) body: SegmentBody,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    /// When it is built.
    pub(crate) ready: Instant,
    /// Whether a person archived it in Omnisend's app.
    pub(crate) archived: bool,
}

impl Segment {
    pub(crate) fn holds(&self, contact: &Contact) -> bool {
        self.body.matches(|tag| contact.has_tag(tag))
    }

    pub(crate) fn is_building(&self, now: Instant) -> bool {
        now < self.ready
    }

    /// Returns the segment as the API shows it.
    pub(crate) fn view(&self, id: &str, now: Instant) -> Value {
        let status = match () {
            () if self.archived => "archived",
            () if self.is_building(now) => "building",
            () => "ready",
        };
        json!({
            "segmentID": id,
            "name": self.body.name,
            "status": status,
            "conditionGroups": self.body.groups,
            "createdAt": time(self.created_at),
            "updatedAt": time(self.updated_at),
        })
    }
}
