//! Settle: asks Omnisend for the outcome of every batch, with as few requests as possible, and writes each chunk's
//! outcome.
//!
//! It polls the newest batch until that batch is finished. Then it lists all batches, 250 at a time, and requests the
//! items of batches with errors only. Contacts of a batch that is not finished in time are unknown. If Omnisend stopped
//! a batch, the contacts that it had not processed are sent again, once.

mod outcome;
mod pending;
mod poll;

use std::{collections::BTreeMap, time::Duration};

use jiff::{SignedDuration, Timestamp};

use self::{pending::Pending, poll::Poller};
use super::{Ended, RecordError, Records, StageContext, StageError};
use crate::{
    keys::Key,
    kill_point,
    run::{ChunkRef, Manifest, Outcome, Progress, Receipt, Record, Resent, Unknown},
};

/// How long settling may take.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// How long after the run's last batch was posted the contacts of unfinished batches become unknown.
    pub give_up_after: SignedDuration,
    /// How long one call may poll before it hands the work back; `None` for no limit.
    pub poll_for: Option<Duration>,
}

/// A chunk that is not settled yet.
#[derive(Debug, Default)]
struct Open {
    outcome: Outcome,
    resent: Resent,
    /// How many of its batches have no result yet.
    batches: usize,
}

/// Asks for the outcome of every batch of a run, and writes the outcome of each chunk that was sent.
pub async fn settle(
    context: &StageContext<'_>,
    manifest: &Manifest,
    limits: Limits,
) -> Result<Ended, StageError> {
    let records = context.records();
    let (mut open, pending) = load(&records, manifest).await?;
    let give_up_at = give_up_at(&pending, limits, context.ports.clock.now());
    let mut requests = context.client.usage().requests;
    let mut poller = Poller::new(context, manifest, pending, give_up_at, limits.poll_for);
    loop {
        let done: Vec<u32> =
            open.iter().filter(|(_, chunk)| chunk.batches == 0).map(|(chunk, _)| *chunk).collect();
        for chunk in done {
            let Some(Open { mut outcome, .. }) = open.remove(&chunk) else { continue };
            let so_far = context.client.usage().requests;
            outcome.requests = so_far - std::mem::replace(&mut requests, so_far);
            outcome.rejected.sort_by_key(|rejection| rejection.place);
            outcome.unknown.sort_by_key(|unknown| unknown.place);
            // The same batches always have the same outcome, so a second writer writes an equal one.
            records.write(&ChunkRef::of(&manifest.run, chunk), &outcome).await?;
            kill_point::reach("settle.outcome");
        }
        let Some((pending, result)) = poller.next().await? else { break };
        let Some(chunk) = open.get_mut(&pending.chunk) else { continue };
        chunk.batches -= 1;
        chunk.outcome.accepted += result.accepted;
        chunk.outcome.rejected.extend(result.rejected);
        chunk.outcome.unknown.extend(result.unknown);
        if pending.repetition {
            chunk.outcome.unknown.extend(result.unfinished.into_iter().map(|place| Unknown {
                place,
                reason: "Omnisend stopped the contact's batch twice".to_owned(),
            }));
            continue;
        }
        let repeated: Vec<u32> =
            chunk.resent.0.batches.iter().flat_map(|batch| batch.contacts.places()).collect();
        let unfinished: Vec<u32> =
            result.unfinished.into_iter().filter(|place| !repeated.contains(place)).collect();
        if !unfinished.is_empty() {
            let batch = poller.send_again(pending.chunk, pending.tags, unfinished).await?;
            kill_point::reach("settle.sent-again");
            chunk.resent.0.batches.push(batch.clone());
            records.write(&ChunkRef::of(&manifest.run, pending.chunk), &chunk.resent).await?;
            chunk.batches += 1;
            poller.add(Pending { batch, repetition: true, ..pending });
        }
    }
    Ok(if poller.is_done() { Ended::Done } else { Ended::HandedBack })
}

/// Returns the chunks that were sent and have no outcome, and their batches.
async fn load(
    records: &Records,
    manifest: &Manifest,
) -> Result<(BTreeMap<u32, Open>, Vec<Pending>), RecordError> {
    let run = &manifest.run;
    let written = records.written(run).await?;
    let is_written = |key: Key| written.contains(&(&key).into());
    let (mut open, mut pending) = (BTreeMap::new(), Vec::new());
    for chunk in manifest.chunks_to_send() {
        let id = ChunkRef::of(run, chunk);
        let is_sent = is_written(Receipt::key(&id)) || is_written(Progress::key(&id));
        if !is_sent || is_written(Outcome::key(&id)) {
            continue;
        }
        let receipt = records.sent_of(run, chunk).await?;
        let resent: Resent = records.read(&id).await?.unwrap_or_default();
        let tags = receipt.tags;
        let of = |batch, repetition| Pending { chunk, batch, tags, repetition };
        let first = receipt.batches.into_iter().map(|batch| of(batch, false));
        let again = resent.0.batches.iter().cloned().map(|batch| of(batch, true));
        let before = pending.len();
        pending.extend(first.chain(again));
        let outcome = Outcome { rejected: receipt.rejected, ..Outcome::default() };
        open.insert(chunk, Open { outcome, resent, batches: pending.len() - before });
    }
    Ok((open, pending))
}

fn give_up_at(pending: &[Pending], limits: Limits, now: Timestamp) -> Timestamp {
    let last = pending.iter().map(|pending| pending.batch.posted_at).max().unwrap_or(now);
    last.checked_add(limits.give_up_after).unwrap_or(Timestamp::MAX)
}
