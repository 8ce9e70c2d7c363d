//! Collects what a run changed in Omnisend, contact by contact, from its records.

use super::{
    blocking::blocking,
    sort::{Change, Sorter},
};
use crate::{
    contact::Channels,
    keys::Key,
    run::{
        ChunkRef, Kept, Manifest, Member, Receipt, RemovalLine, StoredContact, TagPart, TagReceipt, TagSet,
        TagWay, lines,
    },
    stage::{Defect, RecordError, Records},
};

/// Returns what a run changed.
pub(super) async fn changes(records: &Records, manifest: &Manifest) -> Result<Sorter, RecordError> {
    let mut sorter = Sorter::new();
    for chunk in manifest.chunks_to_send() {
        sorter = add_chunk(records, manifest, chunk, sorter).await?;
    }
    for part in manifest.removals_to_do() {
        sorter = add_removals(records, manifest, part, sorter).await?;
    }
    Ok(sorter)
}

/// Adds the contacts of a chunk that were sent.
async fn add_chunk(
    records: &Records,
    manifest: &Manifest,
    chunk: u32,
    mut sorter: Sorter,
) -> Result<Sorter, RecordError> {
    let run = &manifest.run;
    let receipt = records.sent_of(run, chunk).await?;
    let changes = chunk_changes(records, manifest, chunk, &receipt).await?;
    if changes.iter().all(Option::is_none) {
        return Ok(sorter);
    }
    let untagged = untagged(records, manifest, chunk, &receipt).await?;
    let key = manifest.chunk_key(chunk);
    let unpacked = records.lines(&key).await?;
    let with_consent = !manifest.mapping.consent.is_empty();
    blocking(key, move || {
        for ((place, line), change) in (0..).zip(lines(&unpacked)).zip(changes) {
            let Some(change) = change else { continue };
            let stored: StoredContact<'_> =
                serde_json::from_slice(line).map_err(|error| Defect::from(&error))?;
            let mut member = member(&stored, with_consent)?;
            if untagged.as_ref().is_none_or(|untagged| untagged.contains(&place)) {
                member.tags = TagSet::default();
            }
            sorter.push(change, member)?;
        }
        Ok(sorter)
    })
    .await
}

/// Returns the change of each contact of a chunk, by place; `None` if the contact was not sent.
async fn chunk_changes(
    records: &Records,
    manifest: &Manifest,
    chunk: u32,
    receipt: &Receipt,
) -> Result<Vec<Option<Change>>, RecordError> {
    let contacts = manifest.chunks.get(chunk as usize).map_or(0, |chunk| chunk.contacts);
    let outcome = records.outcome(&manifest.run, chunk).await?;
    let of_sent = if outcome.is_some() { Change::Sent } else { Change::Doubtful };
    let sent = receipt.covered(contacts as usize).into_iter();
    let mut changes: Vec<_> = sent.map(|sent| sent.then_some(of_sent)).collect();
    let outcome = outcome.unwrap_or_default();
    let rejected = outcome.rejected.iter().map(|rejection| rejection.place);
    for place in rejected.chain(outcome.unknown.iter().map(|unknown| unknown.place)) {
        if let Some(change) = changes.get_mut(place as usize) {
            *change = Some(Change::Doubtful);
        }
    }
    Ok(changes)
}

/// Adds the contacts of one part of the removals, if all of its tags were removed.
async fn add_removals(
    records: &Records,
    manifest: &Manifest,
    part: u32,
    mut sorter: Sorter,
) -> Result<Sorter, RecordError> {
    let run = &manifest.run;
    let receipt: Option<TagReceipt> = records.read(&TagPart::Removals(run.clone(), part)).await?;
    let Some(receipt) = receipt.filter(TagReceipt::is_complete) else { return Ok(sorter) };
    let key = Key::Removals(run.clone(), part);
    let unpacked = records.lines(&key).await?;
    blocking(key, move || {
        for (place, line) in (0..).zip(lines(&unpacked)) {
            if receipt.refused.contains(&place) {
                continue;
            }
            let RemovalLine { email, tags } =
                serde_json::from_slice(line).map_err(|error| Defect::from(&error))?;
            sorter.push(Change::Untagged, Member { email: email.into_owned(), tags, ..Member::default() })?;
        }
        Ok(sorter)
    })
    .await
}

/// Returns the places of a chunk's contacts that got their tags neither in their batch nor through `/contacts/tags`.
/// `None` if no contact got tags.
async fn untagged(
    records: &Records,
    manifest: &Manifest,
    chunk: u32,
    receipt: &Receipt,
) -> Result<Option<Vec<u32>>, RecordError> {
    if receipt.tags == TagWay::Inline {
        return Ok(Some(Vec::new()));
    }
    let tagged: Option<TagReceipt> =
        records.read(&TagPart::Additions(ChunkRef::of(&manifest.run, chunk))).await?;
    Ok(tagged.filter(TagReceipt::is_complete).map(|tagged| tagged.refused))
}

/// Returns the member that a contact becomes when Omnisend accepts it.
fn member(stored: &StoredContact<'_>, with_consent: bool) -> Result<Member, Defect> {
    let mut consent = Channels { email: Kept::NOTHING, sms: Kept::NOTHING };
    if with_consent {
        for identifier in stored.identifiers().map_err(|error| Defect::from(&error))? {
            *consent.of_mut(identifier.channel()) = identifier.statement().into();
        }
    }
    Ok(Member { email: stored.email(), hash: stored.origin.hash, tags: stored.origin.tags, consent })
}
