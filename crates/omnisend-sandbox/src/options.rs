//! How a sandbox behaves.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::faults::Fault;

/// How a sandbox behaves. The default follows what Omnisend publishes, on a free port.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct Options {
    /// The port on 127.0.0.1; 0 picks a free one.
    pub port: u16,
    /// The only API key that is accepted. `None` accepts any key and gives each a brand of its own.
    pub api_key: Option<String>,
    /// The rate limit of a brand, in requests per 60 s (published: 400).
    pub requests_per_minute: u32,
    /// The rate limit of a brand for `/contacts/tags`, in requests per 60 s (published: 60).
    pub tags_per_minute: u32,
    /// Whether the body of a 429 has `retryAfter` (published for some endpoints only).
    pub retry_after_in_body: bool,
    /// Whether an upsert adds or replaces tags (undocumented; the official plugin suggests [`TagMode::Add`]).
    pub tag_mode: TagMode,
    /// How the date of a status is used (published for version 3; for 2026-03-15 by a third party only).
    pub status_mode: StatusMode,
    /// Whether empty lists and objects in answers are `null` (undocumented; seen in recorded answers of version 3).
    pub empty_as_null: bool,
    /// Whether errors have the shape of version 3, `{"error": "…", "fields": {"0": ["…"]}}`, in the items of batches
    /// too, whose `itemID` is then `1`, `2`, … (undocumented for 2026-03-15).
    pub older_errors: bool,
    /// The time from the creation of a batch to its end, and until a change of tags or a segment takes effect. With
    /// zero the work is done before the request is answered. (Published examples show minutes.)
    pub batch_delay: Duration,
    /// How long every response is delayed.
    pub latency: Duration,
    /// The most contacts that a brand may have; further new ones are refused with 402 (undocumented: a guess).
    pub plan_limit: Option<usize>,
    /// Refuses a whole batch with 400 if one of its items is invalid, instead of only the item when the batch is
    /// processed (undocumented).
    pub validate_batches_synchronously: bool,
    /// Faults that are active from the start.
    pub faults: Vec<Fault>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            port: 0,
            api_key: None,
            requests_per_minute: 400,
            tags_per_minute: 60,
            retry_after_in_body: true,
            tag_mode: TagMode::default(),
            status_mode: StatusMode::default(),
            empty_as_null: false,
            older_errors: false,
            batch_delay: Duration::from_millis(500),
            latency: Duration::ZERO,
            plan_limit: None,
            validate_batches_synchronously: false,
            faults: Vec::new(),
        }
    }
}

/// What an upsert does with the tags that the contact already has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TagMode {
    /// Keeps them and adds the new ones.
    #[default]
    Add,
    /// Removes them.
    Replace,
}

/// How the date of a status (`statusChangedAt`) is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StatusMode {
    /// A status that is older than the one that the contact has is ignored, and the request succeeds. A status without
    /// a date gets the current time.
    #[default]
    Newest,
    /// Every status is applied.
    Last,
}
