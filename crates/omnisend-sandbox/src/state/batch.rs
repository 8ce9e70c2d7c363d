//! A batch: accepted at once and processed later.
//!
//! Published: the four states. Undocumented, chosen: items are checked when they are processed and not before. A batch
//! is kept forever, not for 7 days.

use std::io;
use std::time::Duration;

use axum::body::Bytes;
use jiff::Timestamp;
use tokio::time::Instant;

use crate::contract::{BatchBody, Draft, FieldError, Problem, read_items};
use crate::faults::{ActiveFaults, FaultKind, SelectedFault};
use crate::state::contacts::{Contacts, UpsertPolicy};
use crate::state::ids;

#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) created_at: Timestamp,
    pub(crate) origin: Option<String>,
    pub(crate) total: usize,
    /// When it goes from `pending` to `inProgress`.
    starts: Instant,
    pub(crate) started_at: Timestamp,
    items: Items,
    pub(crate) faults: BatchFaults,
    pub(crate) end: Option<End>,
}

/// The text of the items. It is compressed once they are processed, because a run leaves thousands of batches behind.
#[derive(Debug)]
enum Items {
    Sent(Bytes),
    Compressed { zstd: Vec<u8>, len: usize },
}

/// What faults change about a batch.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct BatchFaults {
    pub(crate) stuck: bool,
    pub(crate) stop_after: Option<usize>,
    pub(crate) extra_errors: usize,
    pub(crate) hide_error_count: bool,
}

/// The end of a batch.
#[derive(Debug)]
pub(crate) struct End {
    pub(crate) at: Timestamp,
    outcomes: Vec<Outcome>,
}

/// The outcome of one item.
#[derive(Debug)]
pub(crate) enum Outcome {
    Accepted { code: u16, contact: usize },
    Refused(Problem),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BatchStatus {
    Pending,
    InProgress,
    Finished,
    Stopped,
}

impl BatchStatus {
    pub(crate) const ALL: [Self; 4] = [Self::Pending, Self::InProgress, Self::Finished, Self::Stopped];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::InProgress => "inProgress",
            Self::Finished => "finished",
            Self::Stopped => "stopped",
        }
    }
}

/// Items that were read and still have to be applied.
#[derive(Debug)]
pub(crate) struct PreparedItems {
    drafts: Vec<Result<Draft, Vec<FieldError>>>,
    compressed: Items,
}

impl PreparedItems {
    /// Reads the items of a batch. This is the slow half of processing it, and needs no access to the brand.
    pub(crate) fn read(items: &Bytes) -> Self {
        let compressed = match zstd::bulk::compress(items, 1) {
            Ok(zstd) => Items::Compressed { zstd, len: items.len() },
            Err(_) => Items::Sent(items.clone()),
        };
        Self { drafts: read_items(items), compressed }
    }
}

impl BatchFaults {
    pub(crate) fn of(selected: &[SelectedFault]) -> Self {
        selected.iter().fold(Self::default(), |faults, selected| match selected.kind {
            FaultKind::StuckBatch {} => Self { stuck: true, ..faults },
            FaultKind::StoppedBatch { after } => Self { stop_after: Some(after), ..faults },
            FaultKind::ErrorsWithoutItems { errors } => Self { extra_errors: errors, ..faults },
            FaultKind::ItemsWithoutErrors {} => Self { hide_error_count: true, ..faults },
            _ => faults,
        })
    }
}

impl Batch {
    /// Creates a batch that is accepted now and processed after `delay`.
    pub(crate) fn new(body: BatchBody, faults: BatchFaults, now: Timestamp, delay: Duration) -> Self {
        let half = delay / 2;
        Self {
            created_at: now,
            origin: body.origin,
            total: body.total,
            starts: Instant::now() + half,
            started_at: now.checked_add(half).unwrap_or(now),
            items: Items::Sent(body.items),
            faults,
            end: None,
        }
    }

    /// Creates a finished batch of another integration, without items.
    pub(crate) fn foreign(now: Timestamp) -> Self {
        let origin = Some("another integration".to_owned());
        let body = BatchBody { items: Bytes::from_static(b"[]"), total: 0, origin };
        let end = Some(End { at: now, outcomes: Vec::new() });
        Self { end, ..Self::new(body, BatchFaults::default(), now, Duration::ZERO) }
    }

    /// Returns the items that still have to be processed.
    pub(crate) fn unprocessed(&self) -> Option<Bytes> {
        match &self.items {
            Items::Sent(items) if self.end.is_none() => Some(items.clone()),
            _ => None,
        }
    }

    /// Applies the items. This is the half of processing a batch that changes the brand's contacts.
    pub(crate) fn process(
        &mut self,
        prepared: PreparedItems,
        contacts: &mut Contacts,
        faults: &mut ActiveFaults,
        policy: UpsertPolicy,
        now: Timestamp,
    ) {
        let max = self.faults.stop_after.unwrap_or(usize::MAX);
        let apply = |draft: Result<Draft, _>| {
            let upserted = draft.map_err(Problem::invalid).and_then(|draft| match faults.refuse(&draft) {
                Some(problem) => Err(problem),
                None => contacts.upsert(draft, policy, now),
            });
            match upserted {
                Ok(done) => Outcome::Accepted { code: done.status.as_u16(), contact: done.index },
                Err(problem) => Outcome::Refused(problem),
            }
        };
        let outcomes: Vec<_> = prepared.drafts.into_iter().take(max).map(apply).collect();
        self.end = Some(End { at: now, outcomes });
        self.items = prepared.compressed;
    }

    pub(crate) fn status(&self, now: Instant) -> BatchStatus {
        match &self.end {
            Some(end) if end.outcomes.len() < self.total && self.faults.stop_after.is_some() => {
                BatchStatus::Stopped
            }
            Some(_) => BatchStatus::Finished,
            None if now < self.starts => BatchStatus::Pending,
            None => BatchStatus::InProgress,
        }
    }

    /// `errorsCount`, with the changes that faults make to it; `None` if a fault hides it.
    pub(crate) fn errors_count(&self) -> Option<usize> {
        let Some(end) = &self.end else { return Some(0) };
        let refused = end.outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Refused(_))).count();
        (!self.faults.hide_error_count).then_some(refused + self.faults.extra_errors)
    }

    pub(crate) fn outcomes(&self) -> &[Outcome] {
        self.end.as_ref().map_or(&[], |end| &end.outcomes)
    }

    /// The id of an item of the batch with this index.
    pub(crate) fn item_id(index: usize, item: usize) -> String {
        ids::item(index, item)
    }

    /// The text of the items.
    pub(crate) fn items(&self) -> io::Result<Vec<u8>> {
        match &self.items {
            Items::Sent(items) => Ok(items.to_vec()),
            Items::Compressed { zstd, len } => zstd::bulk::decompress(zstd, *len),
        }
    }
}
