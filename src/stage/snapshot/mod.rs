//! Snapshot: remembers what a settled run left in Omnisend. Only what Omnisend took is remembered as sent: what it
//! refused, and what nobody knows of, is sent again by the next run.

mod merge;
mod sort;

use std::{collections::BTreeMap, io};

use bytes::Bytes;
use futures_util::StreamExt as _;
use tokio::{runtime::Handle, sync::mpsc};

use self::sort::{Change, Sorted, Sorter};
use super::{RecordError, Records};
use crate::{
    contact::Channels,
    keys::Key,
    kill_point,
    ports::{
        Ports,
        objects::{ObjectError, Put},
    },
    run::{
        Kept, ListName, Manifest, Member, Members, MembersWriter, Receipt, RemovalLine, Snapshot,
        StoredContact, TagReceipt, TagSet, TagWay, Translation, flaw, lines, united,
    },
    source::{File as _, ObjectFile},
};

/// Pieces of the new list that may wait to be written.
const PIECES_AHEAD: usize = 4;

/// Replaces the export's snapshot with one that has in it what this run did, as far as it is known. A run may be settled
/// again: the same is in it then.
pub async fn remember(ports: &Ports, manifest: &Manifest) -> Result<(), RecordError> {
    if !manifest.sends() {
        return Ok(());
    }
    let records = Records::new(ports.objects.clone());
    let export = &manifest.run.export;
    let before = records.snapshot(export).await?;
    let tags = before
        .as_ref()
        .map_or_else(|| manifest.all_tags(), |before| united(&manifest.all_tags(), &before.tags));
    let changes = changes(&records, manifest).await?;
    // Where nothing happened to anybody, the list stays, and its sets' tags in their places.
    let lists = if let Some(before) = before.as_ref().filter(|_| changes.is_empty()) {
        Lists { list: before.list.clone(), members: before.members, tags: before.tags.clone() }
    } else {
        let list = next_list(manifest, before.as_ref());
        let members = write_list(ports, manifest, before.as_ref(), &tags, changes, &list).await?;
        kill_point::reach("snapshot.list");
        Lists { list, members, tags }
    };
    let superseded = before.as_ref().map(|before| before.list.clone()).filter(|old| *old != lists.list);
    let snapshot = Snapshot {
        version: Snapshot::VERSION,
        run: manifest.run.run.clone(),
        settled_at: ports.clock.now(),
        mapping: before
            .as_ref()
            .filter(|_| manifest.is_follow_up())
            .map_or(&manifest.mapping, |before| &before.mapping)
            .clone(),
        tags: lists.tags,
        contacts: contacts(manifest, before.as_ref()),
        list: lists.list,
        members: lists.members,
        previous: superseded.clone().or_else(|| before.as_ref().and_then(|before| before.previous.clone())),
    };
    // Nobody reads it any more. Before the new one counts: a process that is killed in between leaves none behind. The
    // one that counted until now stays: a plan may be reading it.
    let oldest = before.and_then(|before| before.previous).filter(|_| superseded.is_some());
    if let Some(oldest) =
        oldest.filter(|oldest| *oldest != snapshot.list && Some(oldest) != snapshot.previous.as_ref())
    {
        ports.objects.delete(&(&oldest.key(export)).into()).await?;
    }
    records.write(&Key::Snapshot(export.clone()), &snapshot, Put::Replace).await?;
    kill_point::reach("snapshot.current");
    Ok(())
}

/// The list that counts from now on.
struct Lists {
    list: ListName,
    members: u64,
    tags: Vec<crate::contact::Tag>,
}

/// A name that no list has.
fn next_list(manifest: &Manifest, before: Option<&Snapshot>) -> ListName {
    let run = manifest.run.run.clone();
    let before =
        before.into_iter().flat_map(|before| [Some(&before.list), before.previous.as_ref()]).flatten();
    let n = before.filter(|list| list.run == run).map(|list| list.n + 1).max().unwrap_or_default();
    ListName { run, n }
}

/// How many contacts each segment has: of a segment that was not in the run, as many as before.
fn contacts(manifest: &Manifest, before: Option<&Snapshot>) -> BTreeMap<crate::contact::Tag, u64> {
    let mut contacts = before.map(|before| before.contacts.clone()).unwrap_or_default();
    // What a segment has, a run that is about some contacts says nothing of.
    contacts.retain(|tag, _| manifest.is_follow_up() || manifest.tags.contains(tag));
    contacts.extend(manifest.segments.iter().map(|segment| (segment.tag.clone(), segment.contacts)));
    contacts
}

/// What the run did, contact by contact.
async fn changes(records: &Records, manifest: &Manifest) -> Result<Sorter, RecordError> {
    let (run, mut sorter) = (&manifest.run, Sorter::new());
    let with_consent = !manifest.mapping.consent.is_empty();
    for (chunk, info) in manifest.chunks_to_send().zip(&manifest.chunks) {
        let (receipt, outcome) = (records.sent_of(run, chunk).await?, records.outcome(run, chunk).await?);
        // What was never sent is as it was.
        let mut changed: Vec<_> = receipt
            .covered(info.contacts as usize)
            .into_iter()
            .map(|sent| sent.then_some(if outcome.is_some() { Change::Sent } else { Change::Doubtful }))
            .collect();
        let outcome = outcome.unwrap_or_default();
        let refused = outcome.rejected.iter().map(|rejection| rejection.place);
        for place in refused.chain(outcome.unknown.iter().map(|unknown| unknown.place)) {
            if let Some(changed) = changed.get_mut(place as usize) {
                *changed = Some(Change::Doubtful);
            }
        }
        if changed.iter().all(Option::is_none) {
            continue;
        }
        let untagged = untagged(records, manifest, chunk, &receipt).await?;
        let key = manifest.chunk_key(chunk);
        let unpacked = records.lines(&key).await?;
        sorter = blocking(key.clone(), move || {
            for ((place, line), change) in (0..).zip(lines(&unpacked)).zip(changed) {
                let Some(change) = change else { continue };
                let stored: StoredContact<'_> =
                    serde_json::from_slice(line).map_err(|error| damaged(&error))?;
                let mut member = member(&stored, with_consent)?;
                if untagged.holds(place) {
                    member.tags = TagSet::default();
                }
                sorter.push(change, member)?;
            }
            Ok(sorter)
        })
        .await?;
    }
    for part in manifest.removals_to_do() {
        let receipt = records.tagged(&Key::Untagged(run.clone(), part)).await?;
        let Some(receipt) = receipt.filter(TagReceipt::is_complete) else { continue };
        let key = Key::Removals(run.clone(), part);
        let unpacked = records.lines(&key).await?;
        sorter = blocking(key, move || {
            for (place, line) in (0..).zip(lines(&unpacked)) {
                if receipt.refused.contains(&place) {
                    continue;
                }
                let RemovalLine { email, tags } =
                    serde_json::from_slice(line).map_err(|error| damaged(&error))?;
                sorter.push(
                    Change::Untagged,
                    Member { email: email.into_owned(), tags, ..Member::default() },
                )?;
            }
            Ok(sorter)
        })
        .await?;
    }
    Ok(sorter)
}

/// The contacts of a chunk that did not get the tags that they were to get, by place.
enum Untagged {
    All,
    These(Vec<u32>),
}

impl Untagged {
    fn holds(&self, place: u32) -> bool {
        match self {
            Self::All => true,
            Self::These(places) => places.contains(&place),
        }
    }
}

async fn untagged(
    records: &Records,
    manifest: &Manifest,
    chunk: u32,
    receipt: &Receipt,
) -> Result<Untagged, RecordError> {
    if receipt.tags == TagWay::Inline {
        return Ok(Untagged::These(Vec::new()));
    }
    let tagged = records.tagged(&Key::Tagged(manifest.run.clone(), chunk)).await?;
    Ok(match tagged.filter(TagReceipt::is_complete) {
        Some(tagged) => Untagged::These(tagged.refused),
        None => Untagged::All,
    })
}

fn member(stored: &StoredContact<'_>, with_consent: bool) -> io::Result<Member> {
    let mut consent = Channels { email: Kept::NOTHING, sms: Kept::NOTHING };
    if with_consent {
        for identifier in stored.identifiers().map_err(|error| damaged(&error))? {
            *consent.of_mut(identifier.channel()) = identifier.statement().into();
        }
    }
    Ok(Member { email: stored.email(), hash: stored.of.hash, tags: stored.of.tags, consent })
}

/// Writes the new list as a stream, and answers with how many members it has.
async fn write_list(
    ports: &Ports,
    manifest: &Manifest,
    before: Option<&Snapshot>,
    tags: &[crate::contact::Tag],
    changes: Sorter,
    list: &ListName,
) -> Result<u64, RecordError> {
    let export = &manifest.run.export;
    let old = match before {
        Some(before) => {
            let pinned = ports.objects.head(&(&before.list.key(export)).into()).await?;
            // Nobody counts its bytes.
            let (read, _) = mpsc::unbounded_channel();
            Some(ObjectFile::new(ports.objects.clone(), pinned, Handle::current(), read))
        }
        None => None,
    };
    let from = Translation::new(before.map(|before| before.tags.as_slice()).unwrap_or_default(), tags);
    let to = Translation::new(&manifest.all_tags(), tags);
    let (sender, receiver) = mpsc::channel(PIECES_AHEAD);
    let merged = blocking(list.key(export), move || {
        let old = old.map(|old| Members::new(old.stream()?)).transpose()?;
        let mut changes: Sorted = changes.sorted()?;
        changes.translate(&to);
        let mut new = MembersWriter::new(Pieces { sender, piece: Vec::new() })?;
        let members = merge::merge(old, &from, &mut changes, &mut new)?;
        io::Write::flush(&mut new.finish()?)?;
        Ok(members)
    });
    let body = futures_util::stream::unfold(receiver, |mut receiver| async {
        let piece: Bytes = receiver.recv().await?;
        Some((Ok::<_, ObjectError>(piece), receiver))
    });
    let at = (&list.key(export)).into();
    // A merge that fails ends the stream early; the object is then written, and named by nobody.
    let (members, written) = tokio::join!(merged, ports.objects.put_stream(&at, body.boxed()));
    written?;
    members
}

/// Hands what is written to it over, in pieces.
struct Pieces {
    sender: mpsc::Sender<Bytes>,
    piece: Vec<u8>,
}

/// How much is handed over at a time, in bytes.
const PIECE_BYTES: usize = 256 << 10;

impl io::Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.piece.extend(bytes);
        if self.piece.len() >= PIECE_BYTES {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let piece = std::mem::take(&mut self.piece);
        self.sender.blocking_send(piece.into()).map_err(|_| io::Error::other("nobody writes the list"))
    }
}

async fn blocking<T: Send + 'static>(
    key: Key,
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, RecordError> {
    let damaged = |reason: String| RecordError::Damaged { key: key.to_string(), reason };
    tokio::task::spawn_blocking(work)
        .await
        // A panic's own message may quote a contact.
        .map_err(|_| damaged("it could not be read; the log says why".to_owned()))?
        .map_err(|error| damaged(error.to_string()))
}

fn damaged(error: &serde_json::Error) -> io::Error {
    io::Error::other(flaw(error))
}
