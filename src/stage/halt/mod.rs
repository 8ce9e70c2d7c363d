//! Halt: stops a run early if Omnisend refuses contact after contact with the same message, for example because the
//! brand's subscription is full. The following requests would be refused too.
//!
//! Before a chunk is uploaded, this stage checks the newest finished batches of earlier chunks. That takes one request
//! if Omnisend accepts contacts, and a few requests if it does not. Contacts that are refused because of one of their
//! fields do not count.

mod streak;

use self::streak::{Streak, refusals};
use super::{RecordError, Records, StageContext, StageError};
use crate::{
    retry_policies,
    run::{Batch, Halted, Manifest},
};
use omnisend::CallOptions;

/// How many batches of a chunk are checked, from the last one back. At the documented batch size they hold as many
/// contacts as a streak needs.
const BATCHES_OF_A_CHUNK: usize = 2;

/// How many earlier chunks are checked.
const CHUNKS_BACK: u32 = 4;

/// The check ends after this many unfinished batches: Omnisend may be slow, and the check runs again before the next
/// chunk.
const MAX_PENDING: u32 = 2;

/// Halts the run before a chunk if Omnisend refused the contacts before it. Returns whether the run was halted.
pub async fn halt(context: &StageContext<'_>, manifest: &Manifest, chunk: u32) -> Result<bool, RecordError> {
    let records = context.records();
    let before = context.client.usage().requests;
    let check = Check { context, records: &records, manifest };
    let streak = match check.streak_before(chunk).await {
        Ok(streak) => streak,
        Err(StageError::Record(error)) => return Err(error),
        // The upload meets the same failure and handles it.
        Err(StageError::Call(error)) => {
            tracing::debug!(run = %manifest.run, %error, "earlier batches could not be checked");
            return Ok(false);
        }
    };
    if !streak.is_enough() {
        return Ok(false);
    }
    let Streak { code, reason, contacts: refused } = streak;
    let requests = context.client.usage().requests - before;
    let halted = Halted { code, reason, refused, requests, at: context.ports.clock.now() };
    records.halt(&manifest.run, &halted).await?;
    Ok(true)
}

struct Check<'a> {
    context: &'a StageContext<'a>,
    records: &'a Records,
    manifest: &'a Manifest,
}

impl Check<'_> {
    /// Returns the streak of refusals that ends with the newest finished batch.
    async fn streak_before(&self, chunk: u32) -> Result<Streak, StageError> {
        let mut streak = Streak::default();
        let mut pending = 0;
        for earlier in (chunk.saturating_sub(CHUNKS_BACK)..chunk).rev() {
            let receipt = self.records.sent_of(&self.manifest.run, earlier).await?;
            for batch in receipt.batches.iter().rev().take(BATCHES_OF_A_CHUNK) {
                match self.add(batch, &mut streak).await? {
                    Added::Pending if !streak.is_empty() => return Ok(streak),
                    Added::Pending => {
                        pending += 1;
                        if pending >= MAX_PENDING {
                            return Ok(streak);
                        }
                        // The chunk's other batches were posted within the same second.
                        break;
                    }
                    Added::Ended => return Ok(Streak::default()),
                    Added::GoesOn if streak.is_enough() => return Ok(streak),
                    Added::GoesOn => {}
                }
            }
        }
        Ok(streak)
    }

    async fn add(&self, batch: &Batch, streak: &mut Streak) -> Result<Added, StageError> {
        let client = self.context.client;
        let status = client.batch(&batch.batch_id, self.options()).await?;
        if !status.is_over() {
            return Ok(Added::Pending);
        }
        let contacts = batch.contacts.len() as u64;
        if contacts == 0 || status.errors_count != Some(contacts) {
            return Ok(Added::Ended);
        }
        let items = client.batch_items(&batch.batch_id, self.options()).await?;
        let refusals = refusals(&items);
        let goes_on = refusals.len() as u64 == contacts && streak.add(refusals);
        Ok(if goes_on { Added::GoesOn } else { Added::Ended })
    }

    fn options(&self) -> CallOptions {
        retry_policies::HALT_CHECK.until(self.context.deadline)
    }
}

/// What a batch adds to a streak.
enum Added {
    /// Nothing: Omnisend has not finished the batch.
    Pending,
    /// All of its contacts were refused like those after them.
    GoesOn,
    /// A contact was accepted or refused for another reason: there is no streak.
    Ended,
}
