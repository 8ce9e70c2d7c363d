//! Replay: plans a run that sends the undelivered contacts of an earlier run again, unchanged.

use std::collections::{BTreeMap, HashSet};

use super::{chunk_size::chunk_contacts, error::PlanError, follow_up::FollowUp, stored::parse};
use crate::{
    config::{Connection, Export},
    contact::{Channel, Identifier, Status},
    keys::{Key, RunRef},
    ports::{Ports, objects::Put},
    run::{ChunkInfo, ConsentCounts, ContactLine, LinesWriter, Manifest, Planned, StoredContact, lines},
    stage::records::{RecordError, Records},
};

/// Plans the run that replays another, and returns its manifest; `None` if every contact arrived. If the run is already
/// planned, returns the existing manifest. Reads each chunk of the earlier run at most once.
pub async fn replay(
    ports: &Ports,
    connection: &Connection,
    export: &Export,
    follow_up: &FollowUp<'_>,
) -> Result<Option<Manifest>, PlanError> {
    let records = Records::new(ports.objects.clone());
    let FollowUp { original, run, .. } = follow_up;
    if let Some(manifest) = records.manifest(run).await? {
        return Ok(Some(manifest));
    }
    let started_at = ports.clock.now();
    let consent = &export.mapping().consent;
    let counted = Channel::ALL.into_iter().filter(|channel| consent.of(*channel).is_some());
    let mut chunks = Chunks {
        ports,
        run,
        chunk_contacts: chunk_contacts(connection),
        writer: LinesWriter::new().map_err(PlanError::Compress)?,
        written: Vec::new(),
        sent: 0,
        consent: counted.map(|channel| (channel, ConsentCounts::default())).collect(),
    };
    for (chunk, info) in original.chunks_to_send().zip(&original.chunks) {
        let outcome = records.outcome(&original.run, chunk).await?;
        let receipts =
            [records.sent_of(&original.run, chunk).await?, records.resent_of(&original.run, chunk).await?];
        let accepted = outcome.map(|outcome| outcome.accepted_of(&receipts.each_ref())).unwrap_or_default();
        if accepted.len() == info.contacts as usize {
            continue;
        }
        let accepted: HashSet<u32> = accepted.into_iter().collect();
        let key = original.chunk_key(chunk);
        let unpacked = records.lines(&key).await?;
        for (_, line) in (0..).zip(lines(&unpacked)).filter(|(place, _)| !accepted.contains(place)) {
            chunks.push(&key, line).await?;
        }
    }
    chunks.put().await?;
    let Chunks { written, sent, consent, .. } = chunks;
    if sent == 0 {
        return Ok(None);
    }
    let manifest = Manifest {
        batch_contacts: connection.batch_size(),
        chunks: written,
        planned: Planned { read: sent, sent, ..Planned::default() },
        consent,
        replays: Some(original.run.run.clone()),
        ..follow_up.manifest(connection, started_at)
    };
    Ok(Some(records.create(manifest).await?))
}

/// Writes the chunks of the new run, one after the other.
struct Chunks<'a> {
    ports: &'a Ports,
    run: &'a RunRef,
    /// The number of contacts in a full chunk.
    chunk_contacts: u32,
    writer: LinesWriter,
    written: Vec<ChunkInfo>,
    sent: u64,
    consent: BTreeMap<Channel, ConsentCounts>,
}

impl Chunks<'_> {
    /// Adds a line of a chunk of the earlier run.
    async fn push(&mut self, from: &Key, line: &[u8]) -> Result<(), PlanError> {
        let stored: StoredContact<'_> = parse(from, line)?;
        let identifiers = stored.identifiers().map_err(|error| RecordError::damaged(from, &error))?;
        for (channel, counts) in &mut self.consent {
            let of_channel = identifiers.iter().find(|identifier| identifier.channel() == *channel);
            *match of_channel.and_then(Identifier::statement).map(|statement| statement.status) {
                Some(Status::Subscribed) => &mut counts.subscribed,
                Some(Status::NonSubscribed) => &mut counts.non_subscribed,
                Some(Status::Unsubscribed) => &mut counts.unsubscribed,
                None => &mut counts.untouched,
            } += 1;
        }
        let line = ContactLine { origin: stored.origin, contact: stored.contact };
        self.writer.push(&line, usize::MAX).map_err(PlanError::Compress)?;
        self.sent += 1;
        if self.writer.lines() >= self.chunk_contacts { self.put().await } else { Ok(()) }
    }

    async fn put(&mut self) -> Result<(), PlanError> {
        let contacts = self.writer.lines();
        if contacts == 0 {
            return Ok(());
        }
        let key = Key::Chunk(self.run.clone(), u32::try_from(self.written.len()).unwrap_or(u32::MAX));
        let body = self.writer.finish().map_err(PlanError::Compress)?;
        self.ports.objects.put(&(&key).into(), body, Put::Replace).await?;
        self.written.push(ChunkInfo { contacts, revised: false });
        Ok(())
    }
}
