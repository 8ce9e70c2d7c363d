//! Writes opt-outs of later rows into the chunks that hold their contacts.

use std::sync::Arc;

use bytes::Bytes;
use tokio::task::spawn_blocking;

use super::{error::PlanError, stored::parse};
use crate::{
    contact::EmailKey,
    keys::{Key, RunRef},
    kill_point,
    ports::objects::Put,
    run::{ChunkInfo, ContactLine, LinesWriter, StoredContact, lines},
    stage::{
        people::OptOuts,
        records::{RecordError, Records},
    },
};

/// Rewrites the chunks that hold these addresses, each under a key of its own, and marks them. Reads the chunks in
/// order, up to the last one that holds any. No stage reads a chunk before the manifest is written, so a plan that dies
/// here leaves nothing that is used.
pub(super) async fn revise(
    records: &Records,
    run: &RunRef,
    chunks: &mut [ChunkInfo],
    opt_outs: OptOuts,
) -> Result<(), PlanError> {
    let mut left = opt_outs.len();
    let opt_outs = Arc::new(opt_outs);
    for (n, chunk) in (0..).zip(chunks) {
        if left == 0 {
            break;
        }
        let key = Key::Chunk(run.clone(), n);
        let unpacked = records.lines(&key).await?;
        let opt_outs = opt_outs.clone();
        if let Some(Revised { body, found }) =
            spawn_blocking(move || revised(&key, &unpacked, &opt_outs)).await??
        {
            let key = Key::Revised(run.clone(), n);
            records.objects().put(&(&key).into(), body, Put::Replace).await?;
            chunk.revised = true;
            left = left.saturating_sub(found);
            kill_point::reach("plan.chunk-revised");
        }
    }
    Ok(())
}

struct Revised {
    body: Bytes,
    /// The number of addresses that the chunk held.
    found: usize,
}

/// Returns a chunk with the opt-outs; `None` if it holds none of the addresses.
fn revised(key: &Key, unpacked: &[u8], opt_outs: &OptOuts) -> Result<Option<Revised>, PlanError> {
    let mut found = 0;
    let mut writer = LinesWriter::new().map_err(PlanError::Compress)?;
    for line in lines(unpacked) {
        let stored: StoredContact<'_> = parse(key, line)?;
        let amended;
        let contact = if opt_outs.contains(EmailKey::of(&stored.email())) {
            found += 1;
            amended = opt_outs.amend(stored.contact).map_err(|error| RecordError::damaged(key, &error))?;
            &*amended
        } else {
            stored.contact
        };
        let line = ContactLine { origin: stored.origin, contact };
        writer.push(&line, usize::MAX).map_err(PlanError::Compress)?;
    }
    if found == 0 {
        return Ok(None);
    }
    let body = writer.finish().map_err(PlanError::Compress)?;
    Ok(Some(Revised { body, found }))
}
