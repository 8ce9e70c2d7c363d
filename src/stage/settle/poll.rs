//! Polls Omnisend for the outcomes of batches, with few requests.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::Duration,
};

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use jiff::{Timestamp, civil::Date, tz::Offset};
use tokio::time::Instant;

use super::{
    outcome::{BatchOutcome, Contact, by_items, unknown},
    pending::Pending,
};
use crate::{
    keys::Key,
    retry_policies,
    run::{Batch, Contacts, InlineTags, Manifest, StoredContact, TagWay},
    stage::{Notice, RecordError, StageContext, StageError, chunk::ChunkContacts},
};
use omnisend::{BatchStatus, CallError, CallOptions, MAX_LISTED, RefusalKind, batch_body};

/// Polls for the outcomes of a run's batches.
pub(super) struct Poller<'a> {
    context: &'a StageContext<'a>,
    manifest: &'a Manifest,
    pending: BTreeMap<String, Pending>,
    /// Finished batches with their status; `None` if Omnisend no longer has the batch, or did not finish it in time.
    over: VecDeque<(Pending, Option<BatchStatus>)>,
    give_up_at: Timestamp,
    poll_until: Option<Instant>,
    delays: ExponentialBackoff,
    probes: u32,
    chunk: Option<Unpacked>,
}

/// The chunk whose contacts were last needed.
struct Unpacked {
    chunk: u32,
    key: Key,
    contacts: Vec<u8>,
}

impl<'a> Poller<'a> {
    pub(super) fn new(
        context: &'a StageContext<'a>,
        manifest: &'a Manifest,
        pending: Vec<Pending>,
        give_up_at: Timestamp,
        poll_for: Option<Duration>,
    ) -> Self {
        let pending = pending.into_iter().map(|pending| (pending.batch.batch_id.clone(), pending)).collect();
        let delays = ExponentialBuilder::new()
            .with_min_delay(retry_policies::SETTLE_FIRST_DELAY)
            .with_max_delay(retry_policies::SETTLE_MAX_DELAY)
            .without_max_times()
            .build();
        let poll_until =
            poll_for.map(|poll_for| Instant::now() + poll_for).into_iter().chain(context.deadline).min();
        Self {
            context,
            manifest,
            pending,
            over: VecDeque::new(),
            give_up_at,
            poll_until,
            delays,
            probes: 0,
            chunk: None,
        }
    }

    pub(super) fn add(&mut self, pending: Pending) {
        self.pending.insert(pending.batch.batch_id.clone(), pending);
    }

    /// Whether [`next`](Self::next) has returned every batch.
    pub(super) fn is_done(&self) -> bool {
        self.pending.is_empty() && self.over.is_empty()
    }

    /// Returns the next batch that is finished or given up, with its outcome. `None` if no batch is left, the stage was
    /// stopped, or the time is up.
    pub(super) async fn next(&mut self) -> Result<Option<(Pending, BatchOutcome)>, StageError> {
        loop {
            if self.context.stop.is_cancelled() {
                return Ok(None);
            }
            if let Some((pending, status)) = self.over.front().cloned() {
                let outcome = self.outcome(&pending, status).await?;
                self.over.pop_front();
                return Ok(Some((pending, outcome)));
            }
            if self.pending.is_empty() {
                return Ok(None);
            }
            let is_last_poll = self.context.ports.clock.now() >= self.give_up_at;
            self.poll(is_last_poll).await?;
            if !self.over.is_empty() {
                continue;
            }
            if is_last_poll {
                let given_up = std::mem::take(&mut self.pending).into_values();
                self.over.extend(given_up.map(|pending| (pending, None)));
                continue;
            }
            if !self.wait().await {
                return Ok(None);
            }
        }
    }

    /// Waits before the next poll. Returns false if the time is up before that.
    async fn wait(&mut self) -> bool {
        let left = self.give_up_at.duration_since(self.context.ports.clock.now());
        let left = Duration::try_from(left).unwrap_or_default();
        let delay = self.delays.next().unwrap_or(retry_policies::SETTLE_MAX_DELAY).min(left);
        let until = Instant::now() + delay;
        if self.poll_until.is_some_and(|end| until > end) {
            return false;
        }
        self.context.observer.notice(Notice::Settling { pending: self.pending.len() });
        tokio::select! {
            () = self.context.stop.cancelled() => false,
            () = tokio::time::sleep_until(until) => true,
        }
    }

    /// Asks which batches are finished, with as few requests as possible. With `all`, asks about every batch, even if
    /// the newest is not finished.
    async fn poll(&mut self, all: bool) -> Result<(), StageError> {
        if !all && self.probes < retry_policies::SETTLE_PROBES {
            self.probes += 1;
            let newest = self.pending.values().max_by_key(|pending| pending.batch.posted_at);
            let Some(id) = newest.map(|pending| pending.batch.batch_id.clone()) else { return Ok(()) };
            self.ask(&id).await?;
            if self.pending.contains_key(&id) {
                return Ok(());
            }
            self.probes = retry_policies::SETTLE_PROBES;
        }
        let pages = self.pending.len().div_ceil(MAX_LISTED);
        let missing = if self.pending.len() > 2 * pages { self.list().await? } else { self.ids() };
        for id in missing {
            self.ask(&id).await?;
        }
        Ok(())
    }

    /// Lists the batches of the run's days, and of the days before and after, because the time zone of the filters is
    /// not documented. Returns the batches that the listing missed: its pages shift while new batches arrive.
    async fn list(&mut self) -> Result<Vec<String>, StageError> {
        let times = || self.pending.values().map(|pending| pending.batch.posted_at);
        let (Some(first), Some(last)) = (times().min(), times().max()) else { return Ok(Vec::new()) };
        let day = |at: Timestamp| Offset::UTC.to_datetime(at).date();
        let from = day(first).yesterday().unwrap_or(Date::MIN);
        let to = day(last).tomorrow().unwrap_or(Date::MAX);
        let mut missing: BTreeSet<String> = self.pending.keys().cloned().collect();
        // If the listing has more pages than there are batches, asking for each batch is cheaper.
        for page in 0..missing.len() {
            let listed = self.context.client.list_batches(from..=to, page * MAX_LISTED, self.options());
            let listed = match listed.await {
                Ok(listed) => listed,
                // The listing's filters are poorly documented. If they are refused, each batch is asked for.
                Err(CallError::Refused(refusal)) if refusal.kind == RefusalKind::Invalid => break,
                Err(error) => return Err(error.into()),
            };
            let is_last = listed.len() < MAX_LISTED;
            for status in listed {
                missing.remove(&status.batch_id);
                self.found(status);
            }
            if is_last || missing.is_empty() {
                break;
            }
        }
        Ok(missing.into_iter().collect())
    }

    async fn ask(&mut self, id: &str) -> Result<(), StageError> {
        match self.context.client.batch(id, self.options()).await {
            Ok(status) => self.found(status),
            Err(CallError::Refused(refusal)) if refusal.kind == RefusalKind::NotFound => {
                self.over.extend(self.pending.remove(id).map(|pending| (pending, None)));
            }
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    fn found(&mut self, status: BatchStatus) {
        if status.is_over()
            && let Some(pending) = self.pending.remove(&status.batch_id)
        {
            self.over.push_back((pending, Some(status)));
        }
    }

    fn ids(&self) -> Vec<String> {
        self.pending.keys().cloned().collect()
    }

    async fn outcome(
        &mut self,
        pending: &Pending,
        status: Option<BatchStatus>,
    ) -> Result<BatchOutcome, StageError> {
        let places = pending.batch.contacts.places();
        let Some(status) = status else {
            return Ok(unknown(
                places,
                "Omnisend did not finish the contact's batch in time, or no longer has it",
            ));
        };
        if status.is_clean(places.len() as u64) {
            return Ok(BatchOutcome { accepted: places.len() as u64, ..BatchOutcome::default() });
        }
        let items = match self.context.client.batch_items(&pending.batch.batch_id, self.options()).await {
            Ok(items) => items,
            Err(CallError::Refused(refusal)) if refusal.kind == RefusalKind::NotFound => {
                return Ok(unknown(places, "Omnisend no longer has the contact's batch"));
            }
            Err(error) => return Err(error.into()),
        };
        let stored = self.contacts(pending.chunk, &places).await?;
        let emails: Vec<String> = stored.iter().map(StoredContact::email).collect();
        let contact = |(place, email)| Contact { place, email };
        let contacts: Vec<Contact<'_>> =
            places.iter().copied().zip(emails.iter().map(String::as_str)).map(contact).collect();
        Ok(by_items(&status, &contacts, items))
    }

    /// Sends the contacts again that Omnisend had not processed when it stopped their batch.
    pub(super) async fn send_again(
        &mut self,
        chunk: u32,
        tags: TagWay,
        places: Vec<u32>,
    ) -> Result<Batch, StageError> {
        let (context, options) = (self.context, self.options());
        let body = {
            let tags = InlineTags::sent_by(tags, &self.manifest.tags);
            let stored = self.contacts(chunk, &places).await?;
            batch_body(stored, |stored, body| tags.write(stored.contact, stored.origin.tags, body))
        };
        let slot = context.client.pacer().slot().await;
        let posted = context.client.post_batch(slot, body, options).await?;
        Ok(Batch {
            batch_id: posted.batch_id,
            contacts: Contacts::from(places),
            posted_at: context.ports.clock.now(),
        })
    }

    /// Returns the contacts at some places of a chunk.
    async fn contacts(&mut self, chunk: u32, places: &[u32]) -> Result<Vec<StoredContact<'_>>, RecordError> {
        let unpacked = if let Some(unpacked) = self.chunk.take().filter(|unpacked| unpacked.chunk == chunk) {
            unpacked
        } else {
            let key = self.manifest.chunk_key(chunk);
            let contacts = self.context.records().lines(&key).await?;
            Unpacked { chunk, key, contacts }
        };
        let Unpacked { key, contacts, .. } = self.chunk.insert(unpacked);
        let all = ChunkContacts::new(key, contacts);
        places.iter().map(|place| all.at(*place)).collect()
    }

    fn options(&self) -> CallOptions {
        retry_policies::SETTLE.until(self.context.deadline)
    }
}
