//! What a plan knows before it reads the source: whom the last settled run left in Omnisend, and whom a run that is not
//! settled yet is sending.

use std::sync::Arc;

use tokio::{runtime::Handle, sync::mpsc};

use super::{
    Chosen, PlanError, PrepareError, Reads, Request, consent::Ledger, corrections, guards::Since,
    known::Known, prepare::Removing, roster::Roster,
};
use crate::{
    config::Export,
    contact::{Channel, EmailKey, Identifier, Statement, Status, Tag},
    keys::{ExportName, Key, RunId},
    ports::{Ports, objects::ObjectError},
    run::{
        FullSendReason, Manifest, Mode, RemovalLine, Snapshot, StoredContact, TagSet, Translation, flaw,
        lines, united,
    },
    source::{File, ObjectFile},
    stage::{RecordError, Records, runs},
};

/// What is known.
#[derive(Debug)]
pub(super) struct Before {
    snapshot: Option<Snapshot>,
    list: Option<Arc<dyn File>>,
    /// The tags of the export, and after them the former ones.
    tags: Vec<Tag>,
    pub former_tags: Vec<Tag>,
    pub sends_all: Option<FullSendReason>,
    is_full: bool,
    pending: Pending,
}

/// Whom runs are sending that are not settled yet, and their opt-outs.
#[derive(Debug, Clone, Default)]
struct Pending {
    contacts: Vec<EmailKey>,
    opt_outs: Vec<(EmailKey, Channel, Statement)>,
    /// Whom they take tags from: sets of the list of tags beside them.
    losing: Vec<(EmailKey, TagSet)>,
}

impl Before {
    /// Looks for the export's snapshot, and for runs of it that are not settled yet.
    pub(super) async fn load(
        ports: &Ports,
        request: &Request,
        corrects: Option<&RunId>,
    ) -> Result<Self, PlanError> {
        let export = &request.export;
        let records = Records::new(ports.objects.clone());
        let snapshot = records.snapshot(export.name()).await?;
        let list = match &snapshot {
            Some(snapshot) => {
                let list = match ports.objects.head(&(&snapshot.list.key(export.name())).into()).await {
                    Err(ObjectError::NotFound { at }) => {
                        let reason = "it is not there, though current.json names it".to_owned();
                        return Err(PlanError::Snapshot {
                            export: export.name().clone(),
                            list: at.to_string(),
                            reason,
                        });
                    }
                    list => list?,
                };
                // Nobody counts its bytes.
                let (read, _) = mpsc::unbounded_channel();
                let file = ObjectFile::new(ports.objects.clone(), list, Handle::current(), read);
                Some(Arc::new(file) as Arc<dyn File>)
            }
            None => None,
        };
        let own = export.tags();
        let tags = snapshot.as_ref().map_or_else(|| own.clone(), |snapshot| united(&own, &snapshot.tags));
        let former_tags = tags.iter().skip(own.len()).cloned().collect();
        let is_full = request.mode == Mode::Full;
        let sends_all = match &snapshot {
            _ if is_full => None,
            None => Some(FullSendReason::FirstRun),
            Some(snapshot) if snapshot.mapping != *export.mapping() => Some(FullSendReason::MappingChanged),
            Some(_) => None,
        };
        let mut pending = pending(ports, &records, request, &tags).await?;
        if let Some(run) = corrects {
            pending.opt_outs.extend(corrections::opt_outs(ports, export, run).await?);
        }
        Ok(Self { snapshot, list, tags, former_tags, sends_all, is_full, pending })
    }

    /// Why there is no plan, where the list cannot be read.
    pub(super) fn unreadable(&self, export: &ExportName, reason: &str) -> PlanError {
        let list = self.snapshot.as_ref().map(|snapshot| snapshot.list.key(export).to_string());
        PlanError::Snapshot {
            export: export.clone(),
            list: list.unwrap_or_default(),
            reason: reason.to_owned(),
        }
    }

    /// What the thread that reads takes along, to know whom it meets.
    pub(super) fn known(&self, export: &Export) -> ToKnow {
        let snapshot_tags =
            self.snapshot.as_ref().map(|snapshot| snapshot.tags.as_slice()).unwrap_or_default();
        ToKnow {
            list: self.list.clone(),
            members: self.snapshot.as_ref().map_or(0, |snapshot| snapshot.members),
            tags: self.tags.len(),
            translation: Translation::new(snapshot_tags, &self.tags),
            ledger: Ledger::new(&export.mapping().consent),
            sends_all: self.is_full || self.sends_all.is_some(),
            pending: self.pending.clone(),
        }
    }

    /// What the guards ask of the run before: how many contacts it had of the segments that are run now.
    pub(super) fn since(&self, reads: &Reads<'_>, mode: Mode, leaving: u64) -> Option<Since> {
        let snapshot = self.snapshot.as_ref().filter(|_| reads.corrects.is_none())?;
        let of = |chosen: &Chosen<'_>| snapshot.contacts.get(chosen.segment.tag()).copied();
        let members = reads.chosen.iter().filter_map(of).reduce(|all, contacts| all + contacts)?;
        Some(Since { members, removals: if mode == Mode::Mirror { leaving } else { 0 } })
    }

    /// From whom tags are taken by a run that has the segments with these tags.
    pub(super) fn removing(&self, in_the_run: TagSet, mode: Mode) -> Removing {
        let own = self.tags.len() - self.former_tags.len();
        let all = |places: std::ops::Range<usize>| {
            places.fold(TagSet::default(), |all, place| all.with(TagSet::of(place)))
        };
        // What the export gives no more is nobody's to have; but only a run of everything may say so.
        let is_whole = in_the_run == all(0..own);
        let tags = if is_whole { all(0..self.tags.len()) } else { in_the_run };
        Removing { tags, list: self.list.clone().filter(|_| mode == Mode::Mirror) }
    }
}

/// See [`Before::known`].
pub(super) struct ToKnow {
    list: Option<Arc<dyn File>>,
    members: u64,
    tags: usize,
    translation: Translation,
    ledger: Ledger,
    sends_all: bool,
    pending: Pending,
}

impl ToKnow {
    /// Reads the list.
    pub(super) fn read(mut self) -> Result<(Roster, Ledger), PrepareError> {
        let known = match &self.list {
            Some(list) => {
                let with_consent = self.ledger.is_kept();
                Known::read(list.stream()?, self.members, self.tags, &self.translation, with_consent)
                    .map_err(PrepareError::Snapshot)?
            }
            None => Known::nobody(),
        };
        let mut roster = Roster::new(known, self.sends_all);
        for key in self.pending.contacts {
            roster.is_being_sent(key);
        }
        for (key, tags) in self.pending.losing {
            roster.is_losing(key, tags);
        }
        for (key, channel, opt_out) in self.pending.opt_outs {
            self.ledger.is_being_sent(key, channel, opt_out);
        }
        Ok((roster, self.ledger))
    }
}

/// The contacts in the chunks of runs of this export that are not settled.
async fn pending(
    ports: &Ports,
    records: &Records,
    request: &Request,
    tags: &[Tag],
) -> Result<Pending, PlanError> {
    let mut pending = Pending::default();
    for standing in runs(&*ports.objects, request.export.name()).await? {
        if !standing.is_planned() || standing.is_reported() || standing.run == request.run {
            continue;
        }
        let Some(manifest) = records.manifest(&standing.run).await? else { continue };
        for chunk in manifest.chunks_to_send() {
            let key = manifest.chunk_key(chunk);
            let unpacked = records.lines(&key).await?;
            let found = tokio::task::spawn_blocking(move || contacts_of(&key, &unpacked)).await??;
            pending.contacts.extend(found.contacts);
            pending.opt_outs.extend(found.opt_outs);
        }
        let translation = Translation::new(&manifest.all_tags(), tags);
        for part in manifest.removals_to_do() {
            let key = Key::Removals(standing.run.clone(), part);
            for line in lines(&records.lines(&key).await?) {
                let line: RemovalLine<'_> = serde_json::from_slice(line)
                    .map_err(|error| RecordError::Damaged { key: key.to_string(), reason: flaw(&error) })?;
                pending.losing.push((EmailKey::of(&line.email), translation.of(line.tags)));
            }
        }
    }
    Ok(pending)
}

/// The opt-outs in a chunk.
pub(super) async fn opt_outs_of(
    records: &Records,
    manifest: &Manifest,
    chunk: u32,
) -> Result<Vec<(EmailKey, Channel, Statement)>, PlanError> {
    let key = manifest.chunk_key(chunk);
    let unpacked = records.lines(&key).await?;
    let found = tokio::task::spawn_blocking(move || contacts_of(&key, &unpacked)).await??;
    Ok(found.opt_outs)
}

fn contacts_of(key: &Key, unpacked: &[u8]) -> Result<Pending, RecordError> {
    let damaged =
        |error: &serde_json::Error| RecordError::Damaged { key: key.to_string(), reason: flaw(error) };
    let mut found = Pending::default();
    for line in lines(unpacked) {
        let stored: StoredContact<'_> = serde_json::from_slice(line).map_err(|error| damaged(&error))?;
        let identifiers = stored.identifiers().map_err(|error| damaged(&error))?;
        let Some(email) = identifiers.first().map(|email| EmailKey::of(&email.id)) else { continue };
        found.contacts.push(email);
        let statements = identifiers.iter().filter_map(|identifier: &Identifier<'_>| {
            let statement = identifier.statement()?;
            (statement.status == Status::Unsubscribed).then_some((email, identifier.channel(), statement))
        });
        found.opt_outs.extend(statements);
    }
    Ok(found)
}
