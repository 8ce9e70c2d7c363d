//! A batch as the API shows it, with or without its items.
//!
//! Published: the fields, and `responses` and `errors` of the items. Undocumented, chosen: `finishedCount` includes the
//! items that failed, and is 0 until the batch is over; an accepted item is under `responses` only and a refused one under
//! `errors` only, with the `status` `finished` or `error`.

use serde::Serialize;
use serde_json::{Value, json, value::RawValue};
use tokio::time::Instant;

use crate::state::batch::{Batch, BatchStatus, Outcome};
use crate::state::contact::time;
use crate::state::contacts::Contacts;

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BatchView<'a> {
    #[serde(rename = "batchID")]
    pub(crate) id: String,
    endpoint: &'static str,
    method: &'static str,
    pub(crate) status: &'static str,
    pub(crate) total_count: usize,
    finished_count: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) errors_count: Option<usize>,
    pub(crate) created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    started_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) origin: Option<&'a str>,
}

#[derive(Debug, Serialize)]
pub(crate) struct BatchWithItems<'a> {
    #[serde(flatten)]
    batch: BatchView<'a>,
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

impl<'a> BatchView<'a> {
    pub(crate) fn new(batch: &'a Batch, id: String, now: Instant) -> Self {
        let status = batch.status(now);
        Self {
            id,
            endpoint: "contacts",
            method: "POST",
            status: status.as_str(),
            total_count: batch.total,
            finished_count: batch.outcomes().len(),
            errors_count: batch.errors_count(),
            created_at: time(batch.created_at),
            started_at: (status != BatchStatus::Pending).then(|| time(batch.started_at)),
            ended_at: batch.end.as_ref().map(|end| time(end.at)),
            origin: batch.origin.as_deref(),
        }
    }

    /// Adds the items, whose text is `items`. `id` returns the id of an item by its place.
    pub(crate) fn with_items(
        self,
        batch: &'a Batch,
        id: impl Fn(usize) -> String,
        items: &'a [u8],
        contacts: &Contacts,
    ) -> serde_json::Result<BatchWithItems<'a>> {
        let mut view = BatchWithItems { batch: self, responses: Vec::new(), errors: Vec::new() };
        if batch.faults.extra_errors > 0 {
            return Ok(view);
        }
        let requests: Vec<&RawValue> = serde_json::from_slice(items)?;
        for (i, (request, outcome)) in requests.into_iter().zip(batch.outcomes()).enumerate() {
            let (list, response, response_code, status) = match outcome {
                Outcome::Accepted { code, contact } => {
                    (&mut view.responses, contacts.summary(*contact), *code, "finished")
                }
                Outcome::Refused(problem) => (&mut view.errors, json!(problem), problem.status(), "error"),
            };
            list.push(Item { id: id(i), request, response, response_code, status });
        }
        Ok(view)
    }
}
