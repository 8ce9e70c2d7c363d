//! Upload: posts a chunk's contacts in batches, at the connection's pace, and writes the chunk's receipt.

mod cut;
mod options;
mod refusal;
mod sending;

pub use self::options::UploadOptions;
use self::sending::{End, Sending};
use super::{Ended, RecordError, Records, StageContext, chunk::ChunkContacts};
use crate::{
    keys::{Key, RunRef},
    kill_point,
    ports::objects::ObjectError,
    run::{ChunkRef, Halted, Manifest, Outcome, Parked, Progress, Receipt},
};
use omnisend::CallError;

/// Why a chunk could not be uploaded. Its message is retried, and moves to the dead-letter queue after some attempts.
#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    #[error(transparent)]
    Record(#[from] RecordError),
    /// Retries cannot succeed.
    #[error("{key} does not exist; a lifecycle rule of the bucket may have removed it; run the export again")]
    NoChunk { key: Key },
    /// A temporary failure. What was sent is recorded.
    #[error(transparent)]
    Later(CallError),
}

/// Whether nothing of a chunk may be sent: it is done, or its run is canceled, halted or parked.
pub async fn is_over(records: &Records, run: &RunRef, chunk: u32) -> Result<bool, RecordError> {
    Ok(records.has::<Receipt>(&ChunkRef::of(run, chunk)).await?
        || records.is_canceled(run).await?
        || records.has::<Halted>(run).await?
        || records.has::<Parked>(run).await?)
}

/// Posts the contacts of a chunk that were not posted yet, unless the chunk [is over](is_over).
pub async fn upload(
    context: &StageContext<'_>,
    manifest: &Manifest,
    chunk: u32,
    options: &UploadOptions,
) -> Result<Ended, UploadError> {
    let (run, records) = (&manifest.run, context.records());
    let id = ChunkRef::of(run, chunk);
    if is_over(&records, run, chunk).await? {
        return Ok(Ended::Done);
    }
    // If the run was parked, the part of the chunk that was sent by then has been settled. Now more is sent.
    records.delete::<Outcome>(&id).await?;
    let key = manifest.chunk_key(chunk);
    let unpacked = unpacked(&records, &key).await?;
    let contacts = ChunkContacts::new(&key, &unpacked).all()?;
    let before = records.sent_of(run, chunk).await?;
    let usage_before = context.client.usage();

    let mut sending = Sending::new(context, manifest, &contacts, options, before);
    // Loaded once here; otherwise all batches in flight would load it at the same time.
    let end = match context.client.load_key().await {
        Ok(()) => sending.send(run, &records).await?,
        Err(error) => Some(End::from(error)),
    };
    let usage = context.client.usage();
    let mut receipt = sending.into_receipt();
    receipt.requests += usage.requests - usage_before.requests + options.requests;
    receipt.throttled += usage.throttled - usage_before.throttled;

    let Some(end) = end else {
        kill_point::reach("upload.before-receipt");
        // If another worker uploaded the same chunk, its receipt stays. Posting a contact twice does no harm.
        records.write_new(&id, &receipt).await?;
        kill_point::reach("upload.receipt");
        return Ok(Ended::Done);
    };
    records.write(&id, &Progress(receipt)).await?;
    match end {
        End::HandedBack => Ok(Ended::HandedBack),
        End::Canceled => Ok(Ended::Done),
        End::Later(error) => Err(UploadError::Later(error)),
        End::Halted { code, reason } => {
            let halted = Halted { code, reason, refused: 0, requests: 0, at: context.ports.clock.now() };
            records.halt(run, &halted).await?;
            Ok(Ended::Done)
        }
        End::Parked(reason) => {
            let parked = Parked { reason, at: context.ports.clock.now() };
            records.write(run, &parked).await?;
            tracing::error!(export = %run.export, run = %run.run, chunk, reason = parked.reason, "the run is parked");
            Ok(Ended::Done)
        }
    }
}

async fn unpacked(records: &Records, key: &Key) -> Result<Vec<u8>, UploadError> {
    match records.lines(key).await {
        Err(RecordError::Object(ObjectError::NotFound { .. })) => {
            Err(UploadError::NoChunk { key: key.clone() })
        }
        lines => Ok(lines?),
    }
}
