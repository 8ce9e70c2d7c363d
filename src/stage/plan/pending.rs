//! The contacts that unsettled runs of an export send, and opt-outs that may not have arrived.

use tokio::task::spawn_blocking;

use super::{error::PlanError, request::Request, stored::parse};
use crate::{
    config::Export,
    contact::{EmailKey, Identifier, Status, Tag},
    keys::{Key, RunId, RunRef},
    ports::Ports,
    run::{Manifest, RemovalLine, StoredContact, TagSet, Translation, lines},
    stage::{
        drop::Sources,
        people::OptOut,
        records::{RecordError, Records},
        runs::runs,
    },
};

/// What unsettled runs send. Takes 16 bytes for each contact, 32 for each removal and 64 for each opt-out.
#[derive(Debug, Default)]
pub(super) struct Pending {
    pub contacts: Vec<EmailKey>,
    pub opt_outs: Vec<OptOut>,
    pub removals: Vec<PendingRemoval>,
}

/// A contact that an unsettled run removes tags from.
#[derive(Debug)]
pub(super) struct PendingRemoval {
    pub key: EmailKey,
    /// As a set of the planned run's tags.
    pub tags: TagSet,
}

impl Pending {
    /// Reads the chunks and removals of every unsettled run of the export, except the planned run's own. For
    /// corrections, also reads the opt-outs that may not have arrived. `tags` are the tags of the planned run.
    pub(super) async fn load(
        ports: &Ports,
        records: &Records,
        request: &Request,
        sources: &Sources,
        tags: &[Tag],
    ) -> Result<Self, PlanError> {
        let planned = &request.run;
        let mut pending = Self::default();
        for run in runs(&*ports.objects, &planned.export).await? {
            if !run.is_planned() || run.is_reported() || run.run == *planned {
                continue;
            }
            let Some(manifest) = records.manifest(&run.run).await? else { continue };
            for chunk in manifest.chunks_to_send() {
                let found = Self::of_chunk(records, &manifest, chunk).await?;
                pending.contacts.extend(found.contacts);
                pending.opt_outs.extend(found.opt_outs);
            }
            let translation = Translation::new(&manifest.all_tags(), tags);
            for part in manifest.removals_to_do() {
                let key = Key::Removals(run.run.clone(), part);
                for line in lines(&records.lines(&key).await?) {
                    let line: RemovalLine<'_> = parse(&key, line)?;
                    let (key, tags) = (EmailKey::of(&line.email), translation.of(line.tags));
                    pending.removals.push(PendingRemoval { key, tags });
                }
            }
        }
        if let Some(run) = sources.corrects() {
            pending.add_opt_outs_since(ports, records, &request.export, run).await?;
        }
        Ok(pending)
    }

    /// Adds the opt-outs that a run and the runs after it sent, from each chunk with a contact that did not arrive.
    /// They are needed because corrections do not contain the rows that opted out.
    async fn add_opt_outs_since(
        &mut self,
        ports: &Ports,
        records: &Records,
        export: &Export,
        run: &RunId,
    ) -> Result<(), PlanError> {
        if export.mapping().consent.is_empty() {
            return Ok(());
        }
        let first = RunRef { export: export.name().clone(), run: run.clone() };
        let Some(since) = records.manifest(&first).await?.map(|manifest| manifest.started_at) else {
            return Err(PlanError::CorrectedRunGone { export: first.export, run: first.run });
        };
        for run in runs(&*ports.objects, export.name()).await? {
            if !run.is_reported() || run.last_written < since {
                continue;
            }
            let Some(manifest) = records.manifest(&run.run).await? else { continue };
            for chunk in manifest.chunks_to_send() {
                let outcome = records.outcome(&run.run, chunk).await?;
                let all_arrived =
                    outcome.is_some_and(|outcome| outcome.rejected.is_empty() && outcome.unknown.is_empty());
                if !all_arrived {
                    self.opt_outs.extend(Self::of_chunk(records, &manifest, chunk).await?.opt_outs);
                }
            }
        }
        Ok(())
    }

    async fn of_chunk(records: &Records, manifest: &Manifest, chunk: u32) -> Result<Self, PlanError> {
        let key = manifest.chunk_key(chunk);
        let unpacked = records.lines(&key).await?;
        Ok(spawn_blocking(move || Self::of_lines(&key, &unpacked)).await??)
    }

    fn of_lines(key: &Key, unpacked: &[u8]) -> Result<Self, RecordError> {
        let mut found = Self::default();
        for line in lines(unpacked) {
            let stored: StoredContact<'_> = parse(key, line)?;
            let identifiers = stored.identifiers().map_err(|error| RecordError::damaged(key, &error))?;
            let Some(email) = identifiers.first().map(|email| EmailKey::of(&email.id)) else { continue };
            found.contacts.push(email);
            let opt_outs = identifiers.iter().filter_map(|identifier: &Identifier<'_>| {
                let statement = identifier.statement()?;
                (statement.status == Status::Unsubscribed).then_some(OptOut {
                    key: email,
                    channel: identifier.channel(),
                    statement,
                })
            });
            found.opt_outs.extend(opt_outs);
        }
        Ok(found)
    }
}
