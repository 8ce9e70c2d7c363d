//! Halt: stops a run early where Omnisend refuses contact after contact with the same words, such as for a plan that is
//! full. Ten thousand more requests would be answered alike.
//!
//! Before a chunk is uploaded, the newest batch before it that is over is asked for: one request where Omnisend takes
//! contacts, a few where it does not. What is refused for a field of its own says nothing of the others.

mod judge;

use self::judge::{Streak, refusals};
use super::{RecordError, Records, upload::Context};
use crate::{
    omnisend::{CallError, CallOptions},
    retry,
    run::{Batch, Halted, Manifest},
};

/// How many batches of a chunk are looked at, from its last one on: with the published size, they hold so many contacts
/// as a streak needs.
const BATCHES_OF_A_CHUNK: usize = 2;

/// How many chunks are looked back.
const CHUNKS_BACK: u32 = 4;

/// How many batches that are not over are asked for: Omnisend may be slow, and the next chunk looks again.
const MAX_PENDING: u32 = 2;

/// Looks whether it is worth to go on with a chunk. Writes down where it is not.
pub async fn halt(
    context: &Context<'_>,
    manifest: &Manifest,
    chunk: u32,
) -> Result<Option<Halted>, RecordError> {
    let records = Records::new(context.ports.objects.clone());
    let before = context.client.usage().requests;
    let look = Look { context, records: &records, manifest };
    let streak = match look.back_from(chunk).await {
        Ok(streak) => streak,
        Err(LookError::Record(error)) => return Err(error),
        // Whatever keeps it from looking, the upload meets too, and knows what to do.
        Err(LookError::Call(error)) => {
            tracing::debug!(run = %manifest.run, %error, "earlier batches could not be looked at");
            return Ok(None);
        }
    };
    let Some((code, reason, refused)) = streak.is_enough() else { return Ok(None) };
    let requests = context.client.usage().requests - before;
    let halted = Halted { code, reason, refused, requests, at: context.ports.clock.now() };
    records.halt(&manifest.run, &halted).await?;
    Ok(Some(halted))
}

enum LookError {
    Record(RecordError),
    Call(CallError),
}

impl From<RecordError> for LookError {
    fn from(error: RecordError) -> Self {
        Self::Record(error)
    }
}

impl From<CallError> for LookError {
    fn from(error: CallError) -> Self {
        Self::Call(error)
    }
}

struct Look<'a> {
    context: &'a Context<'a>,
    records: &'a Records,
    manifest: &'a Manifest,
}

impl Look<'_> {
    /// The streak of refusals that ends with the newest batch that is over.
    async fn back_from(&self, chunk: u32) -> Result<Streak, LookError> {
        let mut streak = Streak::default();
        let mut pending = 0;
        for earlier in (chunk.saturating_sub(CHUNKS_BACK)..chunk).rev() {
            let receipt = self.records.sent_of(&self.manifest.run, earlier).await?;
            for batch in receipt.batches.iter().rev().take(BATCHES_OF_A_CHUNK) {
                match self.add(batch, &mut streak).await? {
                    Added::Pending if streak.is_begun() => return Ok(streak),
                    Added::Pending => {
                        pending += 1;
                        if pending >= MAX_PENDING {
                            return Ok(streak);
                        }
                        // The batches beside it were posted in the same second.
                        break;
                    }
                    Added::Ended => return Ok(Streak::default()),
                    Added::GoesOn if streak.is_enough().is_some() => return Ok(streak),
                    Added::GoesOn => {}
                }
            }
        }
        Ok(streak)
    }

    async fn add(&self, batch: &Batch, streak: &mut Streak) -> Result<Added, LookError> {
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
        retry::HALT_CHECK.until(self.context.deadline)
    }
}

/// What a batch says of the streak.
enum Added {
    /// Nothing yet.
    Pending,
    /// All of its contacts were refused like those after them.
    GoesOn,
    /// They were not.
    Ended,
}
