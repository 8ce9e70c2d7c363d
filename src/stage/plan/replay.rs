//! Replay: a run that sends again what did not arrive in an earlier one, as it was. Nothing is read but that run's own
//! chunks.

use std::collections::{BTreeMap, HashSet};

use super::{PlanError, chunk_contacts};
use crate::{
    config::{Connection, Export},
    contact::{Channel, Identifier, Status},
    keys::{Key, RunRef},
    ports::{Ports, objects::Put},
    run::{
        ChunkInfo, ConsentCounts, ContactLine, LinesWriter, Manifest, Planned, StoredContact, Trigger, lines,
    },
    stage::{RecordError, Records},
};

/// Plans the run that replays `of`, under the name `run`, unless it is planned already. `None` where everything arrived.
pub async fn replay(
    ports: &Ports,
    (connection, export): (&Connection, &Export),
    of: &Manifest,
    run: RunRef,
    trigger: Trigger,
) -> Result<Option<Manifest>, PlanError> {
    let records = Records::new(ports.objects.clone());
    if let Some(manifest) = records.manifest(&run).await? {
        return Ok(Some(manifest));
    }
    let started_at = ports.clock.now();
    let consent = &export.mapping().consent;
    let counted = Channel::ALL.into_iter().filter(|channel| consent.of(*channel).is_some());
    let mut again = Again {
        ports,
        run: &run,
        most: chunk_contacts(connection),
        writer: LinesWriter::new().map_err(|error| damaged(&Key::Manifest(run.clone()), error))?,
        chunks: Vec::new(),
        sent: 0,
        consent: counted.map(|channel| (channel, ConsentCounts::default())).collect(),
    };
    for (chunk, info) in of.chunks_to_send().zip(&of.chunks) {
        let outcome = records.outcome(&of.run, chunk).await?;
        let receipts = [records.sent_of(&of.run, chunk).await?, records.resent_of(&of.run, chunk).await?];
        let accepted = outcome.map(|outcome| outcome.accepted_of(&receipts.each_ref())).unwrap_or_default();
        if accepted.len() == info.contacts as usize {
            continue;
        }
        let accepted: HashSet<u32> = accepted.into_iter().collect();
        let key = of.chunk_key(chunk);
        let unpacked = records.lines(&key).await?;
        for (_, line) in (0..).zip(lines(&unpacked)).filter(|(place, _)| !accepted.contains(place)) {
            again.push(&key, line).await?;
        }
    }
    again.put().await?;
    let Again { chunks, sent, consent, .. } = again;
    if sent == 0 {
        return Ok(None);
    }
    let manifest = Manifest {
        trigger,
        started_at,
        segments: Vec::new(),
        requests_per_minute: connection.budget(),
        batch_contacts: connection.batch_size(),
        create_segments: Vec::new(),
        sends_all: None,
        overlapping: 0,
        conflicting: 0,
        leaving: 0,
        removals: Vec::new(),
        chunks,
        refused_parts: 0,
        planned: Planned { read: sent, sent, ..Planned::default() },
        warnings: BTreeMap::new(),
        consent,
        corrects: None,
        replays: Some(of.run.run.clone()),
        run,
        ..of.clone()
    };
    Ok(Some(records.create(manifest).await?))
}

/// The new run's chunks, one after the other.
struct Again<'a> {
    ports: &'a Ports,
    run: &'a RunRef,
    /// Contacts in a chunk.
    most: u32,
    writer: LinesWriter,
    chunks: Vec<ChunkInfo>,
    sent: u64,
    consent: BTreeMap<Channel, ConsentCounts>,
}

impl Again<'_> {
    /// Takes a contact over, as it is.
    async fn push(&mut self, from: &Key, line: &[u8]) -> Result<(), PlanError> {
        let is_damaged = |error: &serde_json::Error| RecordError::damaged(from, error);
        let stored: StoredContact<'_> = serde_json::from_slice(line).map_err(|error| is_damaged(&error))?;
        let identifiers = stored.identifiers().map_err(|error| is_damaged(&error))?;
        for (channel, counts) in &mut self.consent {
            let of_channel = identifiers.iter().find(|identifier| identifier.channel() == *channel);
            *match of_channel.and_then(Identifier::statement).map(|statement| statement.status) {
                Some(Status::Subscribed) => &mut counts.subscribed,
                Some(Status::NonSubscribed) => &mut counts.non_subscribed,
                Some(Status::Unsubscribed) => &mut counts.unsubscribed,
                None => &mut counts.untouched,
            } += 1;
        }
        let line = ContactLine { of: stored.of, contact: stored.contact };
        self.writer.push(&line, usize::MAX).map_err(|error| damaged(from, error))?;
        self.sent += 1;
        if self.writer.lines() >= self.most { self.put().await } else { Ok(()) }
    }

    async fn put(&mut self) -> Result<(), PlanError> {
        let contacts = self.writer.lines();
        if contacts == 0 {
            return Ok(());
        }
        let key = Key::Chunk(self.run.clone(), u32::try_from(self.chunks.len()).unwrap_or(u32::MAX));
        let body = self.writer.finish().map_err(|error| damaged(&key, error))?;
        self.ports.objects.put(&(&key).into(), body, Put::Replace).await?;
        self.chunks.push(ChunkInfo { contacts, revised: false });
        Ok(())
    }
}

fn damaged(key: &Key, error: std::io::Error) -> RecordError {
    RecordError::damaged(key, error)
}
