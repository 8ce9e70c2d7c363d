//! Batches: accepted at once, processed later, asked about afterwards.
//!
//! Published: the fields, the four states, 201 with `batchID` and `totalCount`, the filters of the listing with
//! `dateFrom` and `dateTo` as `YYYY-MM-DD`, `responses` and `errors` of the items.
//! Undocumented, chosen: items are checked when they are processed and not before; `finishedCount` counts the items
//! that failed too, and is 0 until the batch is over; an accepted item is under `responses` only and a refused one
//! under `errors` only, with `status` `finished` or `error`; the listing has the newest first, both days of a range
//! included, and its paging is `{"offset", "limit", "hasMore"}`. A batch is kept for good, not for 7 days.

use std::io;

use axum::body::Bytes;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json, value::RawValue};
use tokio::time::Instant;

use crate::book::{Book, Chosen};
use crate::contacts::{Contacts, Policy, time};
use crate::faults::FaultKind;
use crate::ids::{self, Kind};
use crate::input::MAX_BODY;
use crate::problem::{FieldError, Problem};
use crate::rules::{self, Draft};

/// A batch of contacts.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) created_at: Timestamp,
    pub(crate) origin: Option<String>,
    pub(crate) total: usize,
    /// When it goes from `pending` to `inProgress`.
    pub(crate) starts: Instant,
    pub(crate) started_at: Timestamp,
    pub(crate) items: Items,
    pub(crate) quirks: Quirks,
    pub(crate) end: Option<End>,
}

/// The items as they were sent: once they are processed, packed, because a run leaves thousands of batches behind.
#[derive(Debug)]
pub(crate) enum Items {
    Sent(Bytes),
    Packed(Vec<u8>),
}

/// What the faults in force made of a batch.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Quirks {
    pub(crate) stuck: bool,
    stop_after: Option<usize>,
    extra_errors: usize,
    hide_error_count: bool,
}

/// How a batch ended.
#[derive(Debug)]
pub(crate) struct End {
    at: Timestamp,
    outcomes: Vec<Outcome>,
    refused: usize,
}

#[derive(Debug)]
enum Outcome {
    Accepted { code: u16, contact: usize },
    Refused(Problem),
}

/// Items that were read and are still to be applied.
#[derive(Debug)]
pub(crate) struct Prepared {
    drafts: Vec<Result<Draft, Vec<FieldError>>>,
    packed: Vec<u8>,
}

/// A batch as the API shows it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct View<'a> {
    #[serde(rename = "batchID")]
    batch_id: String,
    endpoint: &'static str,
    method: &'static str,
    status: &'static str,
    total_count: usize,
    finished_count: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    errors_count: Option<usize>,
    created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    started_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<&'a str>,
}

/// A batch with its items.
#[derive(Debug, Serialize)]
pub(crate) struct Detail<'a> {
    #[serde(flatten)]
    batch: View<'a>,
    responses: Vec<Item<'a>>,
    errors: Vec<Item<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Item<'a> {
    #[serde(rename = "itemID")]
    id: String,
    request: &'a RawValue,
    response: Value,
    response_code: u16,
    status: &'static str,
}

impl Quirks {
    pub(crate) fn of(faults: &[Chosen]) -> Self {
        faults.iter().fold(Self::default(), |quirks, chosen| match chosen.kind {
            FaultKind::StuckBatch {} => Self { stuck: true, ..quirks },
            FaultKind::StoppedBatch { after } => Self { stop_after: Some(after), ..quirks },
            FaultKind::ErrorsWithoutItems { errors } => Self { extra_errors: errors, ..quirks },
            FaultKind::ItemsWithoutErrors {} => Self { hide_error_count: true, ..quirks },
            _ => quirks,
        })
    }
}

impl End {
    /// The end of a batch of nothing.
    pub(crate) fn nothing(at: Timestamp) -> Self {
        Self { at, outcomes: Vec::new(), refused: 0 }
    }
}

/// Reads the items of a batch: the costly half of processing one, which needs nothing of the brand's.
pub(crate) fn prepare(items: &Bytes) -> Prepared {
    let values: Vec<Value> = serde_json::from_slice(items).unwrap_or_default();
    let drafts = values.iter().map(|value| rules::read(value, "")).collect();
    Prepared { drafts, packed: zstd::bulk::compress(items, 1).unwrap_or_default() }
}

impl Batch {
    /// Applies the items: the half that changes the brand's contacts.
    pub(crate) fn process(
        &mut self,
        prepared: Prepared,
        contacts: &mut Contacts,
        faults: &mut Book,
        policy: Policy,
        now: Timestamp,
    ) {
        let most = self.quirks.stop_after.unwrap_or(usize::MAX);
        let outcomes = prepared.drafts.into_iter().take(most).map(|draft| {
            let upserted = draft.map_err(Problem::invalid).and_then(|draft| {
                let refusal = draft.email.as_ref().and_then(|email| faults.refusal(&email.id));
                refusal.map_or_else(|| contacts.upsert(draft, policy, now), Err)
            });
            match upserted {
                Ok(done) => Outcome::Accepted { code: done.status().as_u16(), contact: done.index() },
                Err(problem) => Outcome::Refused(problem),
            }
        });
        let outcomes: Vec<_> = outcomes.collect();
        let refused = outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Refused(_))).count();
        self.end = Some(End { at: now, outcomes, refused });
        self.items = Items::Packed(prepared.packed);
    }

    pub(crate) fn status(&self, now: Instant) -> &'static str {
        match &self.end {
            Some(end) if end.outcomes.len() < self.total && self.quirks.stop_after.is_some() => "stopped",
            Some(_) => "finished",
            None if now < self.starts => "pending",
            None => "inProgress",
        }
    }

    /// `errorsCount`, as the faults in force have it: `None` where one hides it.
    pub(crate) fn errors_count(&self) -> Option<usize> {
        match &self.end {
            Some(_) if self.quirks.hide_error_count => None,
            Some(end) => Some(end.refused + self.quirks.extra_errors),
            None => Some(0),
        }
    }

    fn outcomes(&self) -> &[Outcome] {
        self.end.as_ref().map_or(&[], |end| &end.outcomes)
    }

    pub(crate) fn view(&self, brand: usize, index: usize, now: Instant) -> View<'_> {
        let status = self.status(now);
        View {
            batch_id: ids::id(Kind::Batch, brand, index),
            endpoint: "contacts",
            method: "POST",
            status,
            total_count: self.total,
            finished_count: self.outcomes().len(),
            errors_count: self.errors_count(),
            created_at: time(self.created_at),
            started_at: (status != "pending").then(|| time(self.started_at)),
            ended_at: self.end.as_ref().map(|end| time(end.at)),
            origin: self.origin.as_deref(),
        }
    }

    /// The items' text, unpacked.
    pub(crate) fn items(&self) -> io::Result<Vec<u8>> {
        match &self.items {
            Items::Sent(items) => Ok(items.to_vec()),
            Items::Packed(packed) => zstd::bulk::decompress(packed, MAX_BODY),
        }
    }

    /// The batch with its items, of which `items` is the text.
    pub(crate) fn detail<'a>(
        &'a self,
        (brand, index): (usize, usize),
        items: &'a [u8],
        contacts: &Contacts,
        now: Instant,
    ) -> serde_json::Result<Detail<'a>> {
        let mut detail =
            Detail { batch: self.view(brand, index, now), responses: Vec::new(), errors: Vec::new() };
        if self.quirks.extra_errors > 0 {
            return Ok(detail);
        }
        let requests: Vec<&RawValue> = serde_json::from_slice(items)?;
        for (i, (request, outcome)) in requests.into_iter().zip(self.outcomes()).enumerate() {
            let id = ids::item(index, i);
            match outcome {
                Outcome::Accepted { code, contact } => detail.responses.push(Item {
                    id,
                    request,
                    response: short(contacts, *contact),
                    response_code: *code,
                    status: "finished",
                }),
                Outcome::Refused(problem) => detail.errors.push(Item {
                    id,
                    request,
                    response: json!(problem),
                    response_code: problem.status(),
                    status: "error",
                }),
            }
        }
        Ok(detail)
    }
}

/// A contact as the answer to an upsert names it. Undocumented beyond `contactID`.
pub(crate) fn short(contacts: &Contacts, index: usize) -> Value {
    let mut answer = json!({ "contactID": contacts.id(index) });
    if let (Some(contact), Some(map)) = (contacts.get(index), answer.as_object_mut()) {
        for (name, value) in [("email", &contact.email), ("phone", &contact.phone)] {
            if let Some(value) = value {
                map.insert(name.to_owned(), json!(**value));
            }
        }
    }
    answer
}
