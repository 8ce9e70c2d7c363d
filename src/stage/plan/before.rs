//! What a plan knows before it reads the source: the snapshot of the last settled run, and the contacts of unsettled
//! runs.

use std::{ops::Range, sync::Arc};

use tokio::{runtime::Handle, sync::mpsc};

use super::{
    error::{PlanError, SnapshotDefect},
    pending::Pending,
    prepare::{People, PrepareError, Removing},
    request::Request,
    segment_tags,
};
use crate::{
    config::Export,
    contact::Tag,
    keys::Key,
    ports::{Ports, objects::ObjectError},
    run::{Mode, SendsAll, Snapshot, TagSet, Translation, united},
    source::{File, ObjectFile},
    stage::{
        drop::Sources,
        people::{Known, Ledger, Roster},
        records::Records,
    },
};

/// What is known before the source is read.
#[derive(Debug)]
pub(super) struct Before {
    last: Option<LastSettled>,
    /// The tags of the export, and after them its former tags.
    tags: Vec<Tag>,
    pub former_tags: Vec<Tag>,
    /// Why the run sends unchanged contacts too, if it does and its mode does not say so.
    pub sends_all: Option<SendsAll>,
    is_full: bool,
    pending: Pending,
}

/// The snapshot, with its list of members.
#[derive(Debug)]
struct LastSettled {
    snapshot: Snapshot,
    list_key: Key,
    list: Arc<dyn File>,
}

impl Before {
    /// Loads the export's snapshot, and the contacts of its unsettled runs.
    pub(super) async fn load(ports: &Ports, request: &Request, sources: &Sources) -> Result<Self, PlanError> {
        let export = &request.export;
        let records = Records::new(ports.objects.clone());
        let last = match records.snapshot(export.name()).await? {
            Some(snapshot) => Some(LastSettled::open(ports, request, snapshot).await?),
            None => None,
        };
        let own = export.tags();
        let tags = last.as_ref().map_or_else(|| own.clone(), |last| united(&own, &last.snapshot.tags));
        let former_tags = tags.iter().skip(own.len()).cloned().collect();
        let is_full = request.mode == Mode::Full;
        let sends_all = match &last {
            _ if is_full => None,
            None => Some(SendsAll::FirstRun),
            Some(last) if last.snapshot.mapping != *export.mapping() => Some(SendsAll::MappingChanged),
            Some(_) => None,
        };
        let mut pending = Pending::load(ports, &records, &request.run, &tags).await?;
        if let Some(run) = sources.corrects() {
            pending.add_opt_outs_since(ports, &records, export, run).await?;
        }
        Ok(Self { last, tags, former_tags, sends_all, is_full, pending })
    }

    /// The key of the list of members, if there is a snapshot.
    pub(super) fn list_key(&self) -> Option<&Key> {
        self.last.as_ref().map(|last| &last.list_key)
    }

    /// Takes what the preparing thread needs to read the people that are known.
    pub(super) fn take_people(&mut self, export: &Export) -> UnreadPeople {
        let snapshot_tags = self.last.as_ref().map(|last| last.snapshot.tags.as_slice()).unwrap_or_default();
        UnreadPeople {
            list: self.last.as_ref().map(|last| last.list.clone()),
            members: self.last.as_ref().map_or(0, |last| last.snapshot.members),
            tags: self.tags.len(),
            translation: Translation::new(snapshot_tags, &self.tags),
            ledger: Ledger::new(&export.mapping().consent),
            sends_all: self.is_full || self.sends_all.is_some(),
            pending: std::mem::take(&mut self.pending),
        }
    }

    /// Returns how many contacts the segments of this run had in the last settled run. `None` if there is nothing to
    /// compare with: no snapshot, no such segment in it, or the run reads corrections.
    pub(super) fn contacts(&self, sources: &Sources) -> Option<u64> {
        let last = self.last.as_ref().filter(|_| sources.corrects().is_none())?;
        let of_segment = |tag: &Tag| last.snapshot.contacts.get(tag).copied();
        let segments = sources.drops().iter().filter_map(|source| of_segment(source.segment.tag()));
        segments.reduce(|all, contacts| all + contacts)
    }

    /// Returns the tags that a run may remove.
    pub(super) fn removing(&self, export: &Export, sources: &Sources, mode: Mode) -> Removing {
        let own = self.tags.len() - self.former_tags.len();
        let all =
            |places: Range<usize>| places.fold(TagSet::default(), |all, place| all.with(TagSet::of(place)));
        let in_the_run = segment_tags::of_whole_segments(export, sources);
        // No contact keeps a former tag, but only a run of all segments shows which contacts have none.
        let tags = if in_the_run == all(0..own) { all(0..self.tags.len()) } else { in_the_run };
        let list = self.last.as_ref().filter(|_| mode == Mode::Mirror).map(|last| last.list.clone());
        Removing { tags, list }
    }
}

impl LastSettled {
    async fn open(ports: &Ports, request: &Request, snapshot: Snapshot) -> Result<Self, PlanError> {
        let export = request.export.name();
        let list_key = snapshot.list.key(export);
        let list = match ports.objects.head(&(&list_key).into()).await {
            Err(ObjectError::NotFound { .. }) => {
                let source = SnapshotDefect::Missing;
                return Err(PlanError::Snapshot { export: export.clone(), list: list_key, source });
            }
            list => list?,
        };
        // The bytes of the list are not part of the progress.
        let (progress, _) = mpsc::unbounded_channel();
        let list = Arc::new(ObjectFile::new(ports.objects.clone(), list, Handle::current(), progress));
        Ok(Self { snapshot, list_key, list })
    }
}

/// The people that are known, before the list of members was read.
pub(super) struct UnreadPeople {
    list: Option<Arc<dyn File>>,
    members: u64,
    tags: usize,
    translation: Translation,
    ledger: Ledger,
    sends_all: bool,
    pending: Pending,
}

impl UnreadPeople {
    /// Reads the list of members. Blocks.
    pub(super) fn read(mut self) -> Result<People, PrepareError> {
        let known = match &self.list {
            Some(list) => {
                let with_consent = self.ledger.is_used();
                Known::read(list.stream()?, self.members, self.tags, &self.translation, with_consent)
                    .map_err(PrepareError::Snapshot)?
            }
            None => Known::empty(),
        };
        let mut roster = Roster::new(known, self.sends_all);
        for key in self.pending.contacts {
            roster.add_pending(key);
        }
        for removal in self.pending.removals {
            roster.add_pending_removal(removal.key, removal.tags);
        }
        for opt_out in self.pending.opt_outs {
            self.ledger.add_pending(opt_out);
        }
        Ok(People { roster, ledger: self.ledger })
    }
}
