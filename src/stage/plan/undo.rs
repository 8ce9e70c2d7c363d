//! Undo: plans a run that removes exactly the tags that an earlier run added. Nothing else can be undone, because the
//! contacts' earlier values are unknown.

use std::{io, sync::Arc};

use tokio::{runtime::Handle, sync::mpsc, task::spawn_blocking};

use super::{
    error::PlanError,
    follow_up::FollowUp,
    removal_parts::{RemovalPart, RemovalParts},
    stored::parse,
};
use crate::{
    config::Connection,
    contact::EmailKey,
    keys::{Key, RunRef},
    ports::{Ports, objects::Put},
    run::{Manifest, RemovalLine, Snapshot, StoredContact, Translation, lines},
    stage::{
        ObjectFile,
        people::Known,
        records::{RecordError, Records},
    },
};
use segment_files::File as _;

/// Plans the run that undoes another, and returns its manifest. If the run is already planned, returns the existing
/// manifest.
pub async fn undo(
    ports: &Ports,
    connection: &Connection,
    follow_up: &FollowUp<'_>,
) -> Result<Manifest, PlanError> {
    let records = Records::new(ports.objects.clone());
    let FollowUp { original, run, .. } = follow_up;
    if let Some(manifest) = records.manifest(run).await? {
        return Ok(manifest);
    }
    let started_at = ports.clock.now();
    let removals = match records.snapshot(&run.export).await? {
        Some(snapshot) => {
            let undone = Undone { ports, records: &records, original, run };
            undone.write_removals(&snapshot).await?
        }
        None => Vec::new(),
    };
    let manifest = Manifest {
        source: Vec::new(),
        leaving: removals.iter().map(|part| u64::from(*part)).sum(),
        removals,
        undoes: Some(original.run.run.clone()),
        ..follow_up.manifest(connection, started_at)
    };
    Ok(records.create(manifest).await?)
}

struct Undone<'a> {
    ports: &'a Ports,
    records: &'a Records,
    original: &'a Manifest,
    run: &'a RunRef,
}

impl Undone<'_> {
    /// Writes the contacts that lose tags, and returns the number in each object. Reads the list of members once and
    /// holds it in memory, and reads each chunk once.
    async fn write_removals(&self, snapshot: &Snapshot) -> Result<Vec<u32>, PlanError> {
        let known = Arc::new(self.members(snapshot).await?);
        let mut parts = RemovalParts::new().map_err(PlanError::Compress)?;
        for chunk in self.original.chunks_to_send() {
            for line in self.added(chunk, &known).await? {
                self.put(parts.push(&line)).await?;
            }
        }
        self.put(parts.take()).await?;
        Ok(parts.into_sizes())
    }

    async fn members(&self, snapshot: &Snapshot) -> Result<Known, PlanError> {
        let tags = self.original.all_tags();
        let key = snapshot.list.key(&self.run.export);
        let list = self.ports.objects.head(&(&key).into()).await?;
        let (progress, _) = mpsc::unbounded_channel();
        let file = ObjectFile::new(self.ports.objects.clone(), list, Handle::current(), progress);
        let (members, translation) = (snapshot.members, Translation::new(&snapshot.tags, &tags));
        let read = move || Known::read(file.stream()?, members, tags.len(), &translation, false);
        Ok(spawn_blocking(read).await?.map_err(|error| RecordError::damaged(&key, error))?)
    }

    /// Returns the accepted contacts of a chunk with the tags that the run added and that they still have.
    async fn added(&self, chunk: u32, known: &Arc<Known>) -> Result<Vec<RemovalLine<'static>>, PlanError> {
        let Self { records, original, .. } = self;
        let Some(outcome) = records.outcome(&original.run, chunk).await? else { return Ok(Vec::new()) };
        let (receipt, resent) =
            (records.sent_of(&original.run, chunk).await?, records.resent_of(&original.run, chunk).await?);
        let accepted = outcome.accepted_of(&[&receipt, &resent]);
        let key = original.chunk_key(chunk);
        let unpacked = records.lines(&key).await?;
        let known = known.clone();
        Ok(spawn_blocking(move || added(&key, &unpacked, &accepted, &known)).await??)
    }

    async fn put(&self, part: io::Result<Option<RemovalPart>>) -> Result<(), PlanError> {
        let Some(RemovalPart { n, body }) = part.map_err(PlanError::Compress)? else { return Ok(()) };
        let key = Key::Removals(self.run.clone(), n);
        Ok(self.ports.objects.put(&(&key).into(), body, Put::Replace).await?)
    }
}

fn added(
    key: &Key,
    unpacked: &[u8],
    accepted: &[u32],
    known: &Known,
) -> Result<Vec<RemovalLine<'static>>, RecordError> {
    let all: Vec<&[u8]> = lines(unpacked).collect();
    let mut found = Vec::new();
    for place in accepted {
        let line = all.get(*place as usize).copied().unwrap_or_default();
        let stored: StoredContact<'_> = parse(key, line)?;
        let email = stored.email();
        let added = stored.origin.tags.without(stored.origin.known_tags);
        let tags = added.common(known.tags_of(EmailKey::of(&email)));
        if !tags.is_empty() {
            found.push(RemovalLine { email: email.into(), tags });
        }
    }
    Ok(found)
}
