//! The snapshot of the last settled run, which a plan loads before it reads the source.

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
    run::{FullSendReason, Mode, Snapshot, TagSet, Translation, united},
    stage::{
        ObjectFile,
        drop::Sources,
        people::{Known, Ledger, Roster},
        records::Records,
    },
};
use segment_files::File;

/// What a plan knows before it reads the source.
#[derive(Debug)]
pub(super) struct Before {
    last: Option<LastSettled>,
    /// The tags of the export, and after them its former tags.
    pub tags: Vec<Tag>,
    pub former_tags: Vec<Tag>,
    /// Why the run sends unchanged contacts too, although its mode does not ask for them.
    pub sends_all: Option<FullSendReason>,
    is_full: bool,
}

/// The snapshot, with its list of members.
#[derive(Debug)]
struct LastSettled {
    snapshot: Snapshot,
    list_key: Key,
    list: Arc<dyn File>,
}

impl Before {
    pub(super) async fn load(ports: &Ports, records: &Records, request: &Request) -> Result<Self, PlanError> {
        let export = &request.export;
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
            None => Some(FullSendReason::FirstRun),
            Some(last) if last.snapshot.mapping != *export.mapping() => Some(FullSendReason::MappingChanged),
            Some(_) => None,
        };
        Ok(Self { last, tags, former_tags, sends_all, is_full })
    }

    /// Returns the key of the list of members, if there is a snapshot.
    pub(super) fn list_key(&self) -> Option<&Key> {
        self.last.as_ref().map(|last| &last.list_key)
    }

    /// Reads the list of members, and adds the contacts of unsettled runs. Blocks.
    pub(super) fn people(&self, export: &Export, pending: Pending) -> Result<People, PrepareError> {
        let mut ledger = Ledger::new(&export.mapping().consent);
        let known = match &self.last {
            Some(LastSettled { snapshot, list, .. }) => {
                let translation = Translation::new(&snapshot.tags, &self.tags);
                let (members, with_consent) = (snapshot.members, ledger.is_used());
                list.stream()
                    .and_then(|list| Known::read(list, members, self.tags.len(), &translation, with_consent))
                    .map_err(PrepareError::Snapshot)?
            }
            None => Known::empty(),
        };
        let mut roster = Roster::new(known, self.is_full || self.sends_all.is_some());
        for key in pending.contacts {
            roster.add_pending(key);
        }
        for removal in pending.removals {
            roster.add_pending_removal(removal.key, removal.tags);
        }
        for opt_out in pending.opt_outs {
            ledger.add_pending(opt_out);
        }
        Ok(People { roster, ledger })
    }

    /// Returns how many contacts the segments of this run had in the last settled run. `None` if they cannot be
    /// compared: there is no snapshot, the snapshot has none of these segments, or the run reads corrections.
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
        // No contact gets former tags any more, but only a run of all segments may remove them.
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
