//! Asking Omnisend about batches with few requests.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::Duration,
};

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use jiff::{Timestamp, civil::Date, tz::Offset};
use tokio::time::Instant;

use super::{
    Pending, SettleError,
    judge::{Judged, by_items, nobody_knows},
};
use crate::{
    omnisend::{BatchStatus, CallError, CallOptions, MAX_LISTED, RefusalKind, batch_body},
    retry,
    run::{Batch, Contacts, InlineTags, Manifest, StoredContact, TagWay, flaw, lines},
    stage::{Notice, RecordError, Records, upload::Context},
};

/// The batches of a run that are not judged yet.
pub(super) struct Asking<'a> {
    context: &'a Context<'a>,
    records: &'a Records,
    manifest: &'a Manifest,
    pending: BTreeMap<String, Pending>,
    /// Batches that are over, with what Omnisend says of them; `None` where it knows them no longer.
    over: VecDeque<(Pending, Option<BatchStatus>)>,
    give_up_at: Timestamp,
    poll_until: Option<Instant>,
    delays: ExponentialBackoff,
    probes: u32,
    /// The chunk whose contacts were needed last.
    chunk: Option<(u32, Vec<u8>)>,
}

impl<'a> Asking<'a> {
    pub(super) fn new(
        context: &'a Context<'a>,
        records: &'a Records,
        manifest: &'a Manifest,
        pending: Vec<Pending>,
        give_up_at: Timestamp,
        poll_for: Option<Duration>,
    ) -> Self {
        let pending = pending.into_iter().map(|pending| (pending.batch.batch_id.clone(), pending)).collect();
        let delays = ExponentialBuilder::new()
            .with_min_delay(retry::SETTLE_FIRST_DELAY)
            .with_max_delay(retry::SETTLE_MAX_DELAY)
            .without_max_times()
            .build();
        let poll_until =
            poll_for.map(|poll_for| Instant::now() + poll_for).into_iter().chain(context.deadline).min();
        Self {
            context,
            records,
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

    /// Adds a batch.
    pub(super) fn add(&mut self, pending: Pending) {
        self.pending.insert(pending.batch.batch_id.clone(), pending);
    }

    /// Batches that are not judged yet.
    pub(super) fn open(&self) -> usize {
        self.pending.len() + self.over.len()
    }

    /// The next batch that is over or given up, judged. `None` where none is left, or there is no time to wait.
    pub(super) async fn next(&mut self) -> Result<Option<(Pending, Judged)>, SettleError> {
        loop {
            if self.context.stop.is_cancelled() {
                return Ok(None);
            }
            if let Some((pending, status)) = self.over.front().cloned() {
                let judged = self.judge(&pending, status).await?;
                self.over.pop_front();
                return Ok(Some((pending, judged)));
            }
            if self.pending.is_empty() {
                return Ok(None);
            }
            let last_look = self.context.ports.clock.now() >= self.give_up_at;
            self.look(last_look).await?;
            if !self.over.is_empty() {
                continue;
            }
            if last_look {
                let given_up = std::mem::take(&mut self.pending).into_values();
                self.over.extend(given_up.map(|pending| (pending, None)));
                continue;
            }
            if !self.wait().await {
                return Ok(None);
            }
        }
    }

    /// Waits before the next look. False where the time is up first.
    async fn wait(&mut self) -> bool {
        let left = self.give_up_at.duration_since(self.context.ports.clock.now());
        let left = Duration::try_from(left).unwrap_or_default();
        let delay = self.delays.next().unwrap_or(retry::SETTLE_MAX_DELAY).min(left);
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

    /// Looks which batches are over, with as few requests as it takes.
    async fn look(&mut self, all: bool) -> Result<(), SettleError> {
        if !all && self.probes < retry::SETTLE_PROBES {
            self.probes += 1;
            let newest = self.pending.values().max_by_key(|pending| pending.batch.posted_at);
            let Some(id) = newest.map(|pending| pending.batch.batch_id.clone()) else { return Ok(()) };
            self.ask(&id).await?;
            if self.pending.contains_key(&id) {
                return Ok(());
            }
            self.probes = retry::SETTLE_PROBES;
        }
        let pages = self.pending.len().div_ceil(MAX_LISTED);
        let unseen = if self.pending.len() > 2 * pages { self.list().await? } else { self.ids() };
        for id in unseen {
            self.ask(&id).await?;
        }
        Ok(())
    }

    /// Lists the batches of the run's days, and of one more on each side, since the time zone of the filters is
    /// not documented. Answers with those that the listing did not show: it shifts while new batches arrive.
    async fn list(&mut self) -> Result<Vec<String>, SettleError> {
        let times = || self.pending.values().map(|pending| pending.batch.posted_at);
        let (Some(first), Some(last)) = (times().min(), times().max()) else { return Ok(Vec::new()) };
        let day = |at: Timestamp| Offset::UTC.to_datetime(at).date();
        let from = day(first).yesterday().unwrap_or(Date::MIN);
        let to = day(last).tomorrow().unwrap_or(Date::MAX);
        let mut unseen: BTreeSet<String> = self.pending.keys().cloned().collect();
        // Beyond as many pages as there are batches, asking for them one by one costs less.
        for page in 0..unseen.len() {
            let listed = self.context.client.list_batches(from..=to, page * MAX_LISTED, self.options());
            let listed = match listed.await {
                Ok(listed) => listed,
                // The listing's filters are the less certain way; batches can be asked for one by one.
                Err(CallError::Refused(refusal)) if refusal.kind == RefusalKind::Invalid => break,
                Err(error) => return Err(error.into()),
            };
            let is_last = listed.len() < MAX_LISTED;
            for status in listed {
                unseen.remove(&status.batch_id);
                self.found(status);
            }
            if is_last || unseen.is_empty() {
                break;
            }
        }
        Ok(unseen.into_iter().collect())
    }

    /// Asks for one batch.
    async fn ask(&mut self, id: &str) -> Result<(), SettleError> {
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

    async fn judge(&mut self, pending: &Pending, status: Option<BatchStatus>) -> Result<Judged, SettleError> {
        let places = pending.batch.contacts.places();
        let Some(status) = status else {
            return Ok(nobody_knows(
                places,
                "Omnisend did not finish the contact's batch in time, or no longer knows it",
            ));
        };
        if status.is_clean(places.len() as u64) {
            return Ok(Judged { accepted: places.len() as u64, ..Judged::default() });
        }
        let items = match self.context.client.batch_items(&pending.batch.batch_id, self.options()).await {
            Ok(items) => items,
            Err(CallError::Refused(refusal)) if refusal.kind == RefusalKind::NotFound => {
                return Ok(nobody_knows(places, "Omnisend no longer has the contact's batch"));
            }
            Err(error) => return Err(error.into()),
        };
        let unpacked = self.chunk(pending.chunk).await?;
        let stored = stored(unpacked, &places)?;
        let emails: Vec<String> = stored.iter().map(StoredContact::email).collect();
        let contacts: Vec<(u32, &str)> =
            places.iter().copied().zip(emails.iter().map(String::as_str)).collect();
        Ok(by_items(&status, &contacts, items))
    }

    /// Posts contacts again whose batch Omnisend stopped before it came to them.
    pub(super) async fn send_again(
        &mut self,
        chunk: u32,
        tags: TagWay,
        places: Vec<u32>,
    ) -> Result<Batch, SettleError> {
        let (context, options) = (self.context, self.options());
        let body = {
            let tags = match tags {
                TagWay::Inline => InlineTags::of(&self.manifest.tags),
                TagWay::Endpoint => InlineTags::none(),
            };
            let stored = stored(self.chunk(chunk).await?, &places)?;
            batch_body(stored, |stored, body| tags.write(stored.contact, stored.of.tags, body))
        };
        let slot = context.client.pacer().slot().await;
        let posted = context.client.post_batch(slot, body, options).await?;
        Ok(Batch {
            batch_id: posted.batch_id,
            contacts: Contacts::from(places),
            posted_at: context.ports.clock.now(),
        })
    }

    async fn chunk(&mut self, chunk: u32) -> Result<&[u8], RecordError> {
        if self.chunk.as_ref().is_none_or(|(there, _)| *there != chunk) {
            let key = self.manifest.chunk_key(chunk);
            self.chunk = Some((chunk, self.records.lines(&key).await?));
        }
        Ok(self.chunk.as_ref().map(|(_, unpacked)| unpacked.as_slice()).unwrap_or_default())
    }

    fn options(&self) -> CallOptions {
        retry::SETTLE.until(self.context.deadline)
    }
}

fn stored<'c>(unpacked: &'c [u8], places: &[u32]) -> Result<Vec<StoredContact<'c>>, RecordError> {
    let damaged = |reason: String| RecordError::Damaged { key: "a chunk".to_owned(), reason };
    let all: Vec<&[u8]> = lines(unpacked).collect();
    places
        .iter()
        .map(|place| {
            let line =
                all.get(*place as usize).ok_or_else(|| damaged(format!("it has no contact {place}")))?;
            serde_json::from_slice(line).map_err(|error| damaged(flaw(&error)))
        })
        .collect()
}
