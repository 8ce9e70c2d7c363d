//! Posts the batches of a chunk, several at a time.

use std::collections::VecDeque;

use futures_util::{StreamExt, stream::FuturesUnordered};
use tokio::time::Instant;

use super::{
    cut::{Cut, cut},
    options::UploadOptions,
    refusal,
};
use crate::{
    keys::RunRef,
    kill_point, retry_policies,
    run::{Batch, Contacts, InlineTags, Manifest, Receipt, Rejection, StoredContact, TagWay},
    stage::{Notice, RecordError, Records, StageContext},
    test_scale,
};
use omnisend::{CallError, CallOptions, Client, KeyError, Posted, RefusalKind, Slot, batch_body};

/// The most requests in flight, which bounds the memory. At 400 requests per minute, 32 allow for answers that take
/// more than 4 s.
const MAX_IN_FLIGHT: usize = 32;

/// Why sending ended before every contact was posted.
#[derive(Debug)]
pub(super) enum End {
    HandedBack,
    Canceled,
    Later(CallError),
    Halted { code: String, reason: String },
    Parked(String),
}

impl From<CallError> for End {
    fn from(error: CallError) -> Self {
        match error {
            CallError::OutOfTime => Self::HandedBack,
            CallError::Key(KeyError::Temporary(_)) => Self::Later(error),
            CallError::Refused(_)
            | CallError::Unavailable { .. }
            | CallError::Unexpected(_)
            | CallError::Key(KeyError::Permanent(_)) => Self::Parked(error.to_string()),
        }
    }
}

/// A chunk while it is being sent.
pub(super) struct Sending<'a> {
    context: &'a StageContext<'a>,
    contacts: &'a [StoredContact<'a>],
    tags: InlineTags,
    batch_contacts: u32,
    to_post: VecDeque<Cut>,
    receipt: Receipt,
    options: CallOptions,
}

impl<'a> Sending<'a> {
    pub(super) fn new(
        context: &'a StageContext<'a>,
        manifest: &Manifest,
        contacts: &'a [StoredContact<'a>],
        upload: &UploadOptions,
        mut receipt: Receipt,
    ) -> Self {
        let tags = InlineTags::sent_by(upload.tags, &manifest.tags);
        let to_post = cut(contacts, &tags, upload.batch_contacts, left(&receipt, contacts.len())).into();
        let options = retry_policies::UPLOAD.until(context.deadline);
        // If a part of the chunk was sent without tags, all of its contacts get their tags later: adding a tag twice
        // does no harm.
        if upload.tags == TagWay::Endpoint {
            receipt.tags = upload.tags;
        }
        Self { context, contacts, tags, batch_contacts: upload.batch_contacts, to_post, receipt, options }
    }

    /// Returns what was sent of the chunk, in this upload and before.
    pub(super) fn into_receipt(self) -> Receipt {
        let mut receipt = self.receipt;
        receipt.batches.sort_by_key(|batch| batch.contacts.first());
        receipt
    }

    /// Posts all batches, with several in flight. Returns why it stopped early, if it did. Always waits for the answers
    /// to all requests in flight, so that the receipt has every batch that Omnisend accepted.
    pub(super) async fn send(&mut self, run: &RunRef, records: &Records) -> Result<Option<End>, RecordError> {
        let Self { context, contacts, .. } = *self;
        let tags = self.tags.clone();
        let mut in_flight = FuturesUnordered::new();
        let mut end = None;
        let mut cancel_check = tokio::time::interval(test_scale::wait(retry_policies::CANCEL_CHECK));
        cancel_check.reset();
        // Waits for one slot at a time, across iterations: a dropped slot would be lost.
        let mut next_slot = std::pin::pin!(context.client.pacer().slot());
        while !in_flight.is_empty() || (end.is_none() && !self.to_post.is_empty()) {
            let may_post = end.is_none() && !self.to_post.is_empty() && in_flight.len() < MAX_IN_FLIGHT;
            tokio::select! {
                biased;
                () = context.stop.cancelled(), if end.is_none() => end = Some(End::HandedBack),
                () = until(context.deadline), if end.is_none() => end = Some(End::HandedBack),
                Some((cut, result)) = in_flight.next(), if !in_flight.is_empty() => {
                    kill_point::reach("upload.posted");
                    if let Some(reason) = self.record(cut, result) {
                        end.get_or_insert(reason);
                    }
                }
                _ = cancel_check.tick(), if end.is_none() => {
                    if records.is_canceled(run).await? {
                        end = Some(End::Canceled);
                    }
                }
                slot = &mut next_slot, if may_post => {
                    next_slot.set(context.client.pacer().slot());
                    if let Some(cut) = self.to_post.pop_front() {
                        in_flight.push(post(context.client, contacts, &tags, cut, slot, self.options));
                    }
                }
            }
        }
        Ok(end)
    }

    /// Adds the answer to a batch's request to the receipt. Returns why sending must stop, if it must.
    fn record(&mut self, cut: Cut, result: Result<Posted, CallError>) -> Option<End> {
        match result {
            Ok(posted) => {
                let contacts = Contacts::from(cut.places);
                self.context.observer.notice(Notice::Posted { contacts: contacts.len() as u64 });
                let posted_at = self.context.ports.clock.now();
                self.receipt.batches.push(Batch { batch_id: posted.batch_id, contacts, posted_at });
                None
            }
            Err(CallError::Refused(refusal)) => {
                let rejected = refusal::rejections(&refusal, &cut.places);
                if rejected.is_empty() && refusal.kind == RefusalKind::SubscriptionLimit {
                    let reason = refusal.problem.summary().unwrap_or_else(|| refusal.to_string());
                    return Some(End::Halted { code: refusal.code(), reason });
                }
                if rejected.is_empty() {
                    return Some(End::Parked(refusal.to_string()));
                }
                // The batch is sent again without the contacts that Omnisend names.
                self.context.observer.notice(Notice::Posted { contacts: rejected.len() as u64 });
                let named =
                    |place: &u32| rejected.iter().any(|rejection: &Rejection| rejection.place == *place);
                let others = cut.places.into_iter().filter(|place| !named(place));
                self.to_post.extend(self::cut(self.contacts, &self.tags, self.batch_contacts, others));
                self.receipt.rejected.extend(rejected);
                None
            }
            Err(error) => Some(End::from(error)),
        }
    }
}

async fn post(
    client: &Client,
    contacts: &[StoredContact<'_>],
    tags: &InlineTags,
    cut: Cut,
    slot: Slot,
    options: CallOptions,
) -> (Cut, Result<Posted, CallError>) {
    let bodies = cut.places.iter().filter_map(|place| contacts.get(*place as usize));
    let body = batch_body(bodies, |stored, body| tags.write(stored.contact, stored.origin.tags, body));
    let result = client.post_batch(slot, body, options).await;
    (cut, result)
}

/// Returns the places of the contacts that are neither in a batch nor rejected.
fn left(receipt: &Receipt, contacts: usize) -> impl Iterator<Item = u32> {
    (0..).zip(receipt.covered(contacts)).filter(|(_, covered)| !covered).map(|(place, _)| place)
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}
