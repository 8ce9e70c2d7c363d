//! Undo: a run that takes away exactly the tags that an earlier run added. Nothing else of a run can be taken back: what
//! contacts had before is not known.

use std::{collections::BTreeMap, sync::Arc};

use tokio::{runtime::Handle, sync::mpsc};

use super::{PlanError, known::Known, removals::A_PART};
use crate::{
    config::Connection,
    contact::EmailKey,
    keys::{Key, RunRef},
    ports::{Ports, objects::Put},
    run::{
        LinesWriter, Manifest, Planned, RemovalLine, Snapshot, StoredContact, Translation, Trigger, lines,
    },
    source::{File as _, ObjectFile},
    stage::{RecordError, Records},
};

/// Plans the run that undoes `of`, under the name `run`, unless it is planned already.
pub async fn undo(
    ports: &Ports,
    connection: &Connection,
    of: &Manifest,
    run: RunRef,
    trigger: Trigger,
) -> Result<Manifest, PlanError> {
    let records = Records::new(ports.objects.clone());
    if let Some(manifest) = records.manifest(&run).await? {
        return Ok(manifest);
    }
    let started_at = ports.clock.now();
    let removals = match records.snapshot(&run.export).await? {
        Some(snapshot) => removals(ports, &records, of, &run, &snapshot).await?,
        None => Vec::new(),
    };
    let manifest = Manifest {
        run,
        trigger,
        started_at,
        segments: Vec::new(),
        source: Vec::new(),
        requests_per_minute: connection.budget(),
        create_segments: Vec::new(),
        sends_all: None,
        overlapping: 0,
        conflicting: 0,
        leaving: removals.iter().map(|part| u64::from(*part)).sum(),
        removals,
        chunks: Vec::new(),
        refused_parts: 0,
        planned: Planned::default(),
        warnings: BTreeMap::new(),
        consent: BTreeMap::new(),
        undoes: Some(of.run.run.clone()),
        corrects: None,
        replays: None,
        ..of.clone()
    };
    Ok(records.create(manifest).await?)
}

/// Writes down who loses which tags. Answers with how many each object holds.
async fn removals(
    ports: &Ports,
    records: &Records,
    of: &Manifest,
    run: &RunRef,
    snapshot: &Snapshot,
) -> Result<Vec<u32>, PlanError> {
    let all_tags = of.all_tags();
    let list_key = snapshot.list.key(&run.export);
    let list = ports.objects.head(&(&list_key).into()).await?;
    let (read, _) = mpsc::unbounded_channel();
    let file = ObjectFile::new(ports.objects.clone(), list, Handle::current(), read);
    let (members, translation) = (snapshot.members, Translation::new(&snapshot.tags, &all_tags));
    let known = tokio::task::spawn_blocking(move || {
        Known::read(file.stream()?, members, all_tags.len(), &translation, false)
    });
    let known = known.await?.map_err(|error| RecordError::damaged(&list_key, error))?;
    let known = Arc::new(known);
    let mut put = Parts {
        ports,
        run,
        writer: LinesWriter::new().map_err(|error| RecordError::damaged(&list_key, error))?,
        sizes: Vec::new(),
    };
    for chunk in of.chunks_to_send() {
        let Some(outcome) = records.outcome(&of.run, chunk).await? else { continue };
        let (receipt, resent) =
            (records.sent_of(&of.run, chunk).await?, records.resent_of(&of.run, chunk).await?);
        let accepted = outcome.accepted_of(&[&receipt, &resent]);
        let key = of.chunk_key(chunk);
        let unpacked = records.lines(&key).await?;
        let known = known.clone();
        let found = tokio::task::spawn_blocking(move || added(&unpacked, &accepted, &known));
        let found = found.await?.map_err(|error| RecordError::damaged(&key, &error))?;
        for line in found {
            put.push(&line).await?;
        }
    }
    put.finish().await
}

/// The tags that contacts of a chunk got, and have from us still.
fn added(unpacked: &[u8], accepted: &[u32], known: &Known) -> serde_json::Result<Vec<RemovalLine<'static>>> {
    let all: Vec<&[u8]> = lines(unpacked).collect();
    let mut found = Vec::new();
    for place in accepted {
        let stored: StoredContact<'_> =
            serde_json::from_slice(all.get(*place as usize).copied().unwrap_or_default())?;
        let email = stored.email();
        let held = known.find(EmailKey::of(&email)).map(|at| known.tags(at)).unwrap_or_default();
        let tags = stored.of.tags.without(stored.of.known_tags).common(held);
        if !tags.is_empty() {
            found.push(RemovalLine { email: email.into(), tags });
        }
    }
    Ok(found)
}

/// The objects of `removals/`, one after the other.
struct Parts<'a> {
    ports: &'a Ports,
    run: &'a RunRef,
    writer: LinesWriter,
    sizes: Vec<u32>,
}

impl Parts<'_> {
    async fn push(&mut self, line: &RemovalLine<'_>) -> Result<(), PlanError> {
        self.writer.push(line, usize::MAX).map_err(|error| self.damaged(error))?;
        if self.writer.lines() >= A_PART { self.put().await } else { Ok(()) }
    }

    async fn finish(mut self) -> Result<Vec<u32>, PlanError> {
        if self.writer.lines() > 0 {
            self.put().await?;
        }
        Ok(self.sizes)
    }

    async fn put(&mut self) -> Result<(), PlanError> {
        let key = self.key();
        self.sizes.push(self.writer.lines());
        let body = self.writer.finish().map_err(|error| self.damaged(error))?;
        Ok(self.ports.objects.put(&(&key).into(), body, Put::Replace).await?)
    }

    fn key(&self) -> Key {
        Key::Removals(self.run.clone(), u32::try_from(self.sizes.len()).unwrap_or(u32::MAX))
    }

    fn damaged(&self, error: std::io::Error) -> RecordError {
        RecordError::damaged(&self.key(), error)
    }
}
