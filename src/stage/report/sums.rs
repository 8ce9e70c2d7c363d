//! The sums over a run's records.

use std::collections::BTreeMap;

use super::{cells::Cells, error::ReportError, reject::RejectMaker, rejects::RejectsWriter, tally::Tally};
use crate::{
    keys::Key,
    run::{
        ChunkRef, EnsuredSegment, EnsuredSegments, Manifest, Outcome, Record, RejectedLine, Rejection,
        Requests, Settled, TagCounts, TagPart, TagReceipt, Unknown, lines,
    },
    stage::{
        RecordError, Records,
        chunk::{ChunkContacts, parse_line},
    },
};

/// The sums over a run's records.
#[derive(Debug, Default)]
pub(super) struct Sums {
    pub settled: Settled,
    /// Planned contacts that were never sent.
    pub not_sent: u64,
    pub batches: u64,
    pub requests: Requests,
    pub tags: TagCounts,
    pub segments: Vec<EnsuredSegment>,
    /// Whether rows of rejects could not be read again.
    pub rejects_without_cells: bool,
}

/// Reads all records of a run once: adds them up, and writes the rejects.
pub(super) async fn sum_up(records: &Records, manifest: &Manifest) -> Result<(Sums, Tally), ReportError> {
    let maker = RejectMaker::new(manifest);
    let mut chunks = Chunks {
        records,
        manifest,
        writer: RejectsWriter::start(records.objects().clone(), &maker).await?,
        cells: Cells::new(records.objects().clone(), manifest),
        maker,
        sums: Sums::default(),
    };
    chunks.refused_rows().await?;
    for chunk in (0..).take(manifest.chunks.len()) {
        chunks.add(chunk).await?;
    }
    let Chunks { writer, cells, mut sums, .. } = chunks;
    sums.rejects_without_cells = cells.is_gone();
    add_tags(records, manifest, &mut sums).await?;
    if manifest.sends()
        && !manifest.create_segments.is_empty()
        && let Some(ensured) = records.read::<EnsuredSegments>(&manifest.run).await?
    {
        sums.requests.segments += ensured.requests;
        sums.segments = ensured.segments;
    }
    Ok((sums, writer.finish().await?))
}

/// A run's chunks while they are added up.
struct Chunks<'a> {
    records: &'a Records,
    manifest: &'a Manifest,
    maker: RejectMaker<'a>,
    writer: RejectsWriter,
    cells: Cells<'a>,
    sums: Sums,
}

impl Chunks<'_> {
    /// Writes the rejects of rows that did not become a contact.
    async fn refused_rows(&mut self) -> Result<(), ReportError> {
        for part in 0..self.manifest.refused_parts {
            let key = Key::Refused(self.manifest.run.clone(), part);
            let unpacked = self.records.lines(&key).await?;
            for line in lines(&unpacked) {
                let refused: RejectedLine = parse_line(&key, line)?;
                self.writer.push(&self.maker.refused(&refused)).await?;
            }
        }
        Ok(())
    }

    /// Adds a chunk, and writes the rejects of its contacts.
    async fn add(&mut self, chunk: u32) -> Result<(), ReportError> {
        let (run, manifest) = (&self.manifest.run, self.manifest);
        let contacts = manifest.chunks.get(chunk as usize).map_or(0, |chunk| chunk.contacts);
        let (receipt, outcome) = if manifest.sends() {
            let outcome = self.records.outcome(run, chunk).await?.unwrap_or_default();
            (self.records.sent_of(run, chunk).await?, outcome)
        } else {
            Default::default()
        };
        let settled = Settled {
            accepted: outcome.accepted,
            rejected: outcome.rejected.len() as u64,
            unknown: outcome.unknown.len() as u64,
        };
        // The other contacts were never sent, or the run ended before Omnisend was asked about them.
        let unsettled =
            u64::from(contacts).saturating_sub(settled.accepted + settled.rejected + settled.unknown);
        let covered = receipt.covered(contacts as usize).iter().filter(|covered| **covered).count();
        let sums = &mut self.sums;
        sums.settled += Settled { unknown: settled.unknown + unsettled, ..settled };
        sums.not_sent += u64::from(contacts).saturating_sub(covered as u64);
        sums.batches += receipt.batches.len() as u64;
        sums.requests.upload += receipt.requests;
        sums.requests.throttled += receipt.throttled;
        sums.requests.settle += outcome.requests;
        self.rejected_contacts(chunk, &outcome).await
    }

    /// Writes the rejects of a chunk's contacts, in the order of the source.
    async fn rejected_contacts(&mut self, chunk: u32, outcome: &Outcome) -> Result<(), ReportError> {
        let rejected =
            outcome.rejected.iter().map(|rejection| (rejection.place, Missing::Rejected(rejection)));
        let unknown = outcome.unknown.iter().map(|unknown| (unknown.place, Missing::Unknown(unknown)));
        let missing: BTreeMap<u32, Missing<'_>> = rejected.chain(unknown).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let key = self.manifest.chunk_key(chunk);
        let unpacked = self.records.lines(&key).await?;
        let contacts = ChunkContacts::new(&key, &unpacked);
        let rows: Result<_, RecordError> =
            missing.keys().map(|place| Ok(contacts.at(*place)?.origin.at)).collect();
        let rows = self.cells.of(rows?).await;
        for ((place, missing), row) in missing.into_iter().zip(&rows) {
            let stored = contacts.at(place)?;
            let reject = match missing {
                Missing::Rejected(rejection) => self.maker.rejected(rejection, &stored, row),
                Missing::Unknown(unknown) => self.maker.unknown(&unknown.reason, &stored, row),
            };
            self.writer.push(&reject).await?;
        }
        Ok(())
    }
}

/// A contact that did not arrive.
enum Missing<'a> {
    Rejected(&'a Rejection),
    Unknown(&'a Unknown),
}

/// Adds the tag changes that were made outside of batches.
async fn add_tags(records: &Records, manifest: &Manifest, sums: &mut Sums) -> Result<(), RecordError> {
    let run = &manifest.run;
    let written = records.written(run).await?;
    let is_written = |part: &TagPart| written.contains(&(&TagReceipt::key(part)).into());
    let additions =
        (0..).zip(&manifest.chunks).map(|(chunk, _)| TagPart::Additions(ChunkRef::of(run, chunk)));
    // These parts are numbered without a gap.
    let removals = (0..).map(|part| TagPart::Removals(run.clone(), part)).take_while(is_written);
    for part in additions.filter(is_written).chain(removals) {
        let Some(receipt) = records.read::<TagReceipt>(&part).await? else { continue };
        let tags = &mut sums.tags;
        let (contacts, changed) = match part {
            TagPart::Additions(_) => (&mut tags.added_to, &mut tags.added),
            TagPart::Removals(..) => (&mut tags.removed_from, &mut tags.removed),
        };
        *contacts += receipt.contacts;
        *changed += receipt.tags;
        tags.refused += receipt.refused.len() as u64;
        sums.requests.tags += receipt.requests;
        sums.requests.throttled += receipt.throttled;
    }
    Ok(())
}
