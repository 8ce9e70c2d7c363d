//! Puts opt-outs of later rows into the chunks that hold their contacts.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{PlanError, consent::OptOuts};
use crate::{
    contact::{EmailKey, Identifier, latest_opt_out},
    keys::{Key, RunRef},
    kill_point,
    ports::objects::Put,
    run::{ChunkInfo, ContactLine, LinesWriter, StoredContact, flaw, lines},
    stage::{RecordError, Records},
};

/// Rewrites the chunks that hold these addresses, each under a key of its own, and marks them. Nobody reads a chunk
/// before the manifest is written, so that a plan that dies in between leaves nothing that counts.
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
        let revised = tokio::task::spawn_blocking(move || revised(&unpacked, &opt_outs)).await?;
        let revised = revised.map_err(|error| RecordError::damaged(&key, error))?;
        if let Some(Revised { body, found }) = revised {
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
    body: bytes::Bytes,
    /// How many of the addresses were in it.
    found: usize,
}

/// A chunk with the opt-outs in it; none where it holds none of the addresses.
fn revised(unpacked: &[u8], opt_outs: &OptOuts) -> std::io::Result<Option<Revised>> {
    let mut found = 0;
    let mut writer = LinesWriter::new()?;
    for line in lines(unpacked) {
        let stored: StoredContact<'_> = serde_json::from_slice(line).map_err(|error| damaged(&error))?;
        let key = EmailKey::of(&stored.email());
        if opt_outs.holds(key) {
            found += 1;
            let contact = amended(stored.contact, opt_outs).map_err(|error| damaged(&error))?;
            writer.push(&ContactLine { of: stored.of, contact }, usize::MAX)?;
        } else {
            writer.push(&ContactLine { of: stored.of, contact: stored.contact }, usize::MAX)?;
        }
    }
    Ok(if found > 0 { Some(Revised { body: writer.finish()?, found }) } else { None })
}

fn damaged(error: &serde_json::Error) -> std::io::Error {
    std::io::Error::other(flaw(error))
}

/// A contact with the opt-outs of its address in it. What else it says stays as it is, to the byte.
pub(super) fn amended(contact: &RawValue, opt_outs: &OptOuts) -> serde_json::Result<Box<RawValue>> {
    #[derive(Deserialize)]
    struct Contact<'a> {
        #[serde(borrow)]
        identifiers: &'a RawValue,
    }
    let old = serde_json::from_str::<Contact<'_>>(contact.get())?.identifiers.get();
    let mut identifiers: Vec<Identifier<'_>> = serde_json::from_str(old)?;
    let Some(key) = identifiers.first().map(|email| EmailKey::of(&email.id)) else {
        return Ok(contact.to_owned());
    };
    for identifier in &mut identifiers {
        if let Some(opt_out) = opt_outs.of(key, identifier.channel()) {
            let there = identifier.statement().filter(|there| there.status == opt_out.status);
            if let Some(latest) = latest_opt_out(there, Some(opt_out)) {
                identifier.set(latest);
            }
            identifier.consent = None;
        }
    }
    let new = serde_json::to_string(&identifiers)?;
    RawValue::from_string(contact.get().replacen(old, &new, 1))
}
