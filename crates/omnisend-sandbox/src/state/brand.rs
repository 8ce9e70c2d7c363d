//! One Omnisend brand.

use serde_json::{Value, json};

use crate::contract::TagChange;
use crate::state::batch::Batch;
use crate::state::contacts::Contacts;
use crate::state::ids::{self, Kind};
use crate::state::limits::Windows;
use crate::state::records::Records;
use crate::state::segment::Segment;

#[derive(Debug)]
pub(crate) struct Brand {
    /// Empty for the first brand until a key is used.
    pub(crate) key: String,
    pub(crate) name: String,
    index: usize,
    pub(crate) windows: Windows,
    pub(crate) contacts: Contacts,
    pub(crate) batches: Records<Batch>,
    pub(crate) segments: Records<Segment>,
    /// How many requests were answered with 429 because of a rate limit.
    pub(crate) rate_limited: usize,
}

impl Brand {
    pub(crate) fn new(index: usize, key: String, windows: Windows) -> Self {
        let name = match index {
            0 => "Sandbox store".to_owned(),
            _ => format!("Sandbox store {}", index + 1),
        };
        Self {
            key,
            name,
            index,
            windows,
            contacts: Contacts::new(index),
            batches: Records::new(Kind::Batch, index),
            segments: Records::new(Kind::Segment, index),
            rate_limited: 0,
        }
    }

    pub(crate) fn change_tags(&mut self, change: &TagChange) {
        let segment = change.segment.and_then(|index| self.segments.get(index));
        self.contacts.change_tags(change, segment);
    }

    /// Returns the brand as the API shows it.
    pub(crate) fn view(&self) -> Value {
        json!({
            "brandID": ids::id(Kind::Brand, self.index, 0),
            "name": self.name,
            "website": "https://store.example",
            "currency": "EUR",
            "timezone": "Europe/Vilnius",
            "platform": "api",
        })
    }
}
