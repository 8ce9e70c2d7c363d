//! Upload: posts one chunk's contacts in batches, at the connection's pace, and writes the receipt.

mod cut;
mod refusal;

use std::collections::VecDeque;

use futures_util::{StreamExt, stream::FuturesUnordered};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use self::cut::{Cut, cut};
use super::{Notice, Observer, RecordError, Records};
use crate::{
    keys::{Key, RunRef},
    kill_point,
    omnisend::{CallError, CallOptions, Client, KeyError, Posted, RefusalKind, Slot, batch_body},
    ports::{
        Ports,
        objects::{ObjectError, Put},
    },
    retry,
    run::{
        Batch, Contacts, Halted, InlineTags, Manifest, Parked, Receipt, Rejection, StoredContact, TagWay,
        flaw, lines,
    },
    scale,
};

/// Requests in flight at most. At 400 a minute, enough for answers that take 4 s; memory bounds it.
const MAX_IN_FLIGHT: usize = 32;

/// What an upload needs besides its run.
#[derive(Debug)]
pub struct Context<'a> {
    /// The world.
    pub ports: &'a Ports,
    /// The connection's client.
    pub client: &'a Client,
    /// Who hears how it goes.
    pub observer: &'a dyn Observer,
    /// Asked to stop: what is in flight is finished and written down.
    pub stop: &'a CancellationToken,
    /// When the time is over. The upload stops before it.
    pub deadline: Option<Instant>,
}

/// How contacts are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct How {
    /// How they get their tags.
    pub tags: TagWay,
    /// How many a batch holds, at most.
    pub batch_contacts: u32,
    /// Requests that it took before, to find that out.
    pub requests: u64,
}

/// How a chunk's upload ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Uploaded {
    /// Every contact was posted or refused, and the receipt is written.
    Done,
    /// The receipt was there: nothing was sent.
    Already,
    /// It was asked to stop or its time was over; what was sent is written down, the rest is to be sent.
    HandedBack,
    /// The run is canceled.
    Canceled,
    /// Omnisend refuses whatever is sent: nothing more is.
    Halted(Halted),
    /// The run waits for a person.
    Parked(Parked),
}

/// Why an upload could not do its work. The message comes back, and after some times goes to the dead letters.
#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    /// A run's object.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The chunk is not there. Nothing brings it back.
    #[error("{key} is not there, perhaps removed by a rule of the bucket; run the export again")]
    NoChunk {
        /// The chunk.
        key: String,
    },
    /// What keeps it from being sent may pass. What was sent is written down.
    #[error(transparent)]
    Later(CallError),
    /// A line of a chunk is not a contact.
    #[error("{key}: contact {place} cannot be read: {}", flaw(source))]
    Contact {
        /// The chunk.
        key: String,
        /// The contact's place in it, counted from 0.
        place: usize,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
}

/// Why nothing is to be sent of a chunk, if that is so.
pub async fn is_over(
    records: &Records,
    manifest: &Manifest,
    chunk: u32,
) -> Result<Option<Uploaded>, RecordError> {
    let run = &manifest.run;
    if records.receipt(run, chunk).await?.is_some() {
        return Ok(Some(Uploaded::Already));
    }
    if records.is_canceled(run).await? {
        return Ok(Some(Uploaded::Canceled));
    }
    if let Some(halted) = records.halted(run).await? {
        return Ok(Some(Uploaded::Halted(halted)));
    }
    Ok(records.parked(run).await?.map(Uploaded::Parked))
}

/// Posts what of a chunk was not posted yet.
pub async fn upload(
    context: &Context<'_>,
    manifest: &Manifest,
    chunk: u32,
    how: &How,
) -> Result<Uploaded, UploadError> {
    let (run, records) = (&manifest.run, Records::new(context.ports.objects.clone()));
    if let Some(over) = is_over(&records, manifest, chunk).await? {
        return Ok(over);
    }
    // Where the run was parked, what had been sent of the chunk was settled. More is sent now.
    records.objects().delete(&(&Key::Outcome(run.clone(), chunk)).into()).await.map_err(RecordError::from)?;
    let key = manifest.chunk_key(chunk);
    let unpacked = unpacked(&records, &key).await?;
    let contacts = contacts(&key, &unpacked)?;
    let before = records.sent_of(run, chunk).await?;
    let usage_before = context.client.usage();

    let mut sending = Sending::new(context, manifest, &contacts, how, before);
    // Read once, before batches in flight ask for it at the same time.
    let end = match context.client.load_key().await {
        Ok(()) => sending.send(run, &records).await?,
        Err(error) => Some(End::from(error)),
    };
    let usage = context.client.usage();
    let mut receipt = sending.receipt;
    receipt.requests += usage.requests - usage_before.requests + how.requests;
    receipt.throttled += usage.throttled - usage_before.throttled;
    receipt.batches.sort_by_key(|batch| batch.contacts.first());

    let Some(end) = end else {
        kill_point::reach("upload.before-receipt");
        match records.write(&Key::Receipt(run.clone(), chunk), &receipt, Put::IfAbsent).await {
            // Another worker had the same chunk: its receipt counts, and what was posted twice is harmless.
            Err(RecordError::Object(ObjectError::AlreadyExists { .. })) => {}
            written => written?,
        }
        kill_point::reach("upload.receipt");
        return Ok(Uploaded::Done);
    };
    records.write(&Key::Progress(run.clone(), chunk), &receipt, Put::Replace).await?;
    match end {
        End::HandedBack => Ok(Uploaded::HandedBack),
        End::Canceled => Ok(Uploaded::Canceled),
        End::Later(error) => Err(UploadError::Later(error)),
        End::Halted { code, reason } => {
            let halted = Halted { code, reason, refused: 0, requests: 0, at: context.ports.clock.now() };
            records.halt(run, &halted).await?;
            Ok(Uploaded::Halted(halted))
        }
        End::Parked(reason) => {
            let parked = Parked { reason, at: context.ports.clock.now() };
            records.write(&Key::Parked(run.clone()), &parked, Put::Replace).await?;
            tracing::error!(export = %run.export, run = %run.run, chunk, reason = parked.reason, "the run is parked");
            Ok(Uploaded::Parked(parked))
        }
    }
}

async fn unpacked(records: &Records, key: &Key) -> Result<Vec<u8>, UploadError> {
    match records.lines(key).await {
        Err(RecordError::Object(ObjectError::NotFound { .. })) => {
            Err(UploadError::NoChunk { key: key.to_string() })
        }
        lines => Ok(lines?),
    }
}

fn contacts<'a>(key: &Key, unpacked: &'a [u8]) -> Result<Vec<StoredContact<'a>>, UploadError> {
    lines(unpacked)
        .enumerate()
        .map(|(place, line)| {
            serde_json::from_slice(line).map_err(|source| UploadError::Contact {
                key: key.to_string(),
                place,
                source,
            })
        })
        .collect()
}

/// Why sending ended before every contact was posted.
#[derive(Debug)]
enum End {
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

/// One chunk while it is being sent.
struct Sending<'a> {
    context: &'a Context<'a>,
    contacts: &'a [StoredContact<'a>],
    tags: InlineTags,
    batch_contacts: u32,
    to_post: VecDeque<Cut>,
    receipt: Receipt,
    options: CallOptions,
}

impl<'a> Sending<'a> {
    fn new(
        context: &'a Context<'a>,
        manifest: &Manifest,
        contacts: &'a [StoredContact<'a>],
        how: &How,
        mut receipt: Receipt,
    ) -> Self {
        let tags = inline(manifest, how.tags);
        let to_post = cut(contacts, &tags, how.batch_contacts, left(&receipt, contacts.len())).into();
        let options = retry::UPLOAD.until(context.deadline);
        // Where a part of it was sent without, all get them later: a tag that is there can be added again.
        if how.tags == TagWay::Endpoint {
            receipt.tags = how.tags;
        }
        Self { context, contacts, tags, batch_contacts: how.batch_contacts, to_post, receipt, options }
    }

    /// Posts batch after batch, several in flight, until none is left or there is a reason to stop. What is in
    /// flight then is waited for, so that what was taken is known.
    async fn send(&mut self, run: &RunRef, records: &Records) -> Result<Option<End>, UploadError> {
        let Self { context, contacts, .. } = *self;
        let tags = self.tags.clone();
        let mut in_flight = FuturesUnordered::new();
        let mut end = None;
        let mut look = tokio::time::interval(scale::wait(retry::CANCEL_CHECK));
        look.reset();
        // One slot is waited for at a time, across the loop's turns: a dropped wait would waste it.
        let mut slot = std::pin::pin!(context.client.pacer().slot());
        while !in_flight.is_empty() || (end.is_none() && !self.to_post.is_empty()) {
            let may_post = end.is_none() && !self.to_post.is_empty() && in_flight.len() < MAX_IN_FLIGHT;
            tokio::select! {
                biased;
                () = context.stop.cancelled(), if end.is_none() => end = Some(End::HandedBack),
                () = until(context.deadline), if end.is_none() => end = Some(End::HandedBack),
                Some((cut, result)) = in_flight.next(), if !in_flight.is_empty() => {
                    kill_point::reach("upload.posted");
                    if let Some(reason) = self.answered(cut, result) {
                        end.get_or_insert(reason);
                    }
                }
                _ = look.tick(), if end.is_none() => {
                    if records.is_canceled(run).await? {
                        end = Some(End::Canceled);
                    }
                }
                leave = &mut slot, if may_post => {
                    slot.set(context.client.pacer().slot());
                    if let Some(cut) = self.to_post.pop_front() {
                        in_flight.push(post(context.client, contacts, &tags, cut, leave, self.options));
                    }
                }
            }
        }
        Ok(end)
    }

    /// Writes down what became of a batch's request. Answers with the reason to stop, if it is one.
    fn answered(&mut self, cut: Cut, result: Result<Posted, CallError>) -> Option<End> {
        match result {
            Ok(posted) => {
                let contacts = Contacts::from(cut.places);
                self.context.observer.notice(Notice::Posted { contacts: contacts.len() as u64 });
                let posted_at = self.context.ports.clock.now();
                self.receipt.batches.push(Batch { batch_id: posted.batch_id, contacts, posted_at });
                None
            }
            Err(CallError::Refused(refusal)) => {
                let rejected = refusal::items(&refusal, &cut.places);
                if rejected.is_empty() && refusal.kind == RefusalKind::SubscriptionLimit {
                    let reason = refusal.problem.summary().unwrap_or_else(|| refusal.to_string());
                    return Some(End::Halted { code: refusal.code(), reason });
                }
                if rejected.is_empty() {
                    return Some(End::Parked(refusal.to_string()));
                }
                // Those that Omnisend named are out; the others go again.
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
    let body = batch_body(bodies, |stored, body| tags.write(stored.contact, stored.of.tags, body));
    let result = client.post_batch(slot, body, options).await;
    (cut, result)
}

/// The tags that go into contacts.
fn inline(manifest: &Manifest, way: TagWay) -> InlineTags {
    match way {
        TagWay::Inline => InlineTags::of(&manifest.tags),
        TagWay::Endpoint => InlineTags::none(),
    }
}

/// The places of contacts that a receipt does not cover.
fn left(receipt: &Receipt, contacts: usize) -> impl Iterator<Item = u32> {
    (0..).zip(receipt.covered(contacts)).filter(|(_, covered)| !covered).map(|(place, _)| place)
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}
