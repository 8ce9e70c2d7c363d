//! The manifest: what a run sends, from which objects and how. A run exists once its manifest is written.

use std::{collections::BTreeMap, num::NonZeroU32};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{
    Allowed, ConsentCounts, Forecast, FullSendReason, Guard, GuardLimits, Mode, Planned, TagWay, Trigger,
    WantedSegment, Workload,
};
use crate::{
    contact::{Channel, Mapping, Tag, WarningCounts, mask_contact},
    keys::{ConnectionName, Key, Pinned, RunId, RunRef},
};
use segment_files::ReadOptions;

/// A run that starts this long after its drop is late: the drop's event takes seconds, and the sweep takes over after
/// 10 minutes.
const LATE: SignedDuration = SignedDuration::from_mins(10);

/// One chunk of prepared contacts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChunkInfo {
    /// The number of contacts.
    pub contacts: u32,
    /// Whether the chunk was rewritten with opt-outs from later rows. The rewritten chunk has a key of its own, since a
    /// second plan of the same run may still be writing the original one.
    #[serde(default, skip_serializing_if = "is_false")]
    pub revised: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for this shape")]
fn is_false(flag: &bool) -> bool {
    !flag
}

/// The drop of one of the run's segments.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SegmentDrop {
    /// The segment's name.
    pub name: String,
    pub tag: Tag,
    /// The object that completed the drop: the file that was read, a marker or a list of files.
    pub completed_by: Pinned,
    /// The number of contacts in the drop.
    pub contacts: u64,
}

/// What a run sends, from which objects and how. The plan writes it once, and every later stage starts from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The [`Manifest::VERSION`] of the program that wrote it.
    pub version: u32,
    #[serde(flatten)]
    pub run: RunRef,
    pub connection: ConnectionName,
    pub display_name: String,
    pub mode: Mode,
    pub trigger: Trigger,
    /// When the plan started.
    pub started_at: Timestamp,
    /// The segments of the run, in the export's order.
    pub segments: Vec<SegmentDrop>,
    /// The exact objects that were read.
    pub source: Vec<Pinned>,
    /// How each object of `source` was read; a single one if all were read alike.
    #[serde(default)]
    pub readings: Vec<ReadOptions>,
    /// The connection's request budget when the run was planned.
    pub requests_per_minute: NonZeroU32,
    /// How rows became contacts.
    pub mapping: Mapping,
    /// The tags of the export's segments, in its order.
    pub tags: Vec<Tag>,
    /// The segments to create in Omnisend for these tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub create_segments: Vec<WantedSegment>,
    /// Tags that members have from earlier runs and that the export no longer has. A [`super::TagSet`] numbers them
    /// after `tags`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub former_tags: Vec<Tag>,
    /// Why every contact is sent although the mode asks for changes only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sends_all: Option<FullSendReason>,
    /// Contacts that are in several of the segments.
    #[serde(default)]
    pub overlapping: u64,
    /// Of `overlapping`, contacts whose rows differ. The first segment's row is sent.
    #[serde(default)]
    pub conflicting: u64,
    /// Members that would lose tags, whether or not the run removes any.
    #[serde(default)]
    pub leaving: u64,
    /// The number of contacts in each object of `removals/`. Empty if the run removes no tag.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub removals: Vec<u32>,
    /// The run whose tags this run removes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undoes: Option<RunId>,
    /// The run whose corrected rejects this run sends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub corrects: Option<RunId>,
    /// The run whose undelivered contacts this run sends again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replays: Option<RunId>,
    /// The most contacts in a batch.
    pub batch_contacts: u32,
    /// The chunks, in order.
    pub chunks: Vec<ChunkInfo>,
    /// The number of objects that list the rows that the plan rejected.
    pub refused_parts: u32,
    pub planned: Planned,
    /// How many cells were left out because they do not fit their field.
    pub warnings: WarningCounts,
    /// The consent that is sent, by channel. Empty if the export maps no consent.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub consent: BTreeMap<Channel, ConsentCounts>,
    #[serde(default)]
    pub guards: GuardLimits,
    /// The guards that this run was allowed to pass.
    #[serde(default, skip_serializing_if = "Allowed::is_empty")]
    pub allowed: Allowed,
    /// The guards that stopped the run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stopped: Vec<Guard>,
    /// Set if the run is a dry run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dry_run: Option<DryRun>,
}

/// What a dry run shows of the contacts that a run would send.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DryRun {
    /// The first contacts, as they would be sent.
    pub first_contacts: Vec<serde_json::Value>,
    /// Whether their values are masked.
    #[serde(default)]
    pub masked: bool,
    /// How contacts would get their tags; `None` if the run would have to find out first.
    #[serde(default)]
    pub tag_way: Option<TagWay>,
}

impl DryRun {
    /// Masks the values of the contacts unless `show_values` is set, so that a dry run leaves no personal data behind.
    pub fn new(
        mut first_contacts: Vec<serde_json::Value>,
        show_values: bool,
        tag_way: Option<TagWay>,
    ) -> Self {
        if !show_values {
            first_contacts.iter_mut().for_each(mask_contact);
        }
        Self { first_contacts, masked: !show_values, tag_way }
    }
}

impl Manifest {
    /// The version that this code writes.
    pub const VERSION: u32 = 1;

    /// Returns how long after its drop a late run started, or `None` if the run is not late.
    pub fn late(&self) -> Option<SignedDuration> {
        let after = self.started_at.duration_since(self.trigger.at());
        (matches!(self.trigger, Trigger::Drop { .. }) && after >= LATE).then_some(after)
    }

    /// Describes what started the run, and how late it started.
    pub fn started_by(&self) -> String {
        match self.late() {
            Some(after) => format!("{}, late: {} minutes after it", self.trigger, after.as_mins()),
            None => self.trigger.to_string(),
        }
    }

    /// Whether the run sends anything. A dry run and a run that a guard stopped do not.
    pub fn sends(&self) -> bool {
        self.stopped.is_empty() && self.dry_run.is_none()
    }

    /// Returns the numbers of the chunks to send. Empty if the run [sends](Self::sends) nothing.
    pub fn chunks_to_send(&self) -> impl Iterator<Item = u32> + use<> {
        (0..).take(if self.sends() { self.chunks.len() } else { 0 })
    }

    /// Returns the numbers of the objects in `removals/` to process. Empty if the run [sends](Self::sends) nothing.
    pub fn removals_to_do(&self) -> impl Iterator<Item = u32> + use<> {
        (0..).take(if self.sends() { self.removals.len() } else { 0 })
    }

    /// Whether the run reads the drop that this object completed.
    pub fn reads_drop(&self, completed_by: &Pinned) -> bool {
        self.segments.iter().any(|segment| segment.completed_by == *completed_by)
            || self.source.contains(completed_by)
    }

    /// Whether the run is an undo, a replay or a run of corrections. Such a run does not read a whole segment, so it
    /// does not show who is a member.
    pub fn is_follow_up(&self) -> bool {
        self.undoes.is_some() || self.corrects.is_some() || self.replays.is_some()
    }

    /// Returns how an object of `source` was read, if that is known.
    pub fn reading(&self, object: usize) -> Option<&ReadOptions> {
        self.readings.get(object).or(if self.readings.len() == 1 { self.readings.first() } else { None })
    }

    /// Returns the tags that a [`super::TagSet`] of this run numbers, in that order.
    pub fn all_tags(&self) -> Vec<Tag> {
        self.tags.iter().chain(&self.former_tags).cloned().collect()
    }

    /// Returns the key of a chunk: the revised one if the chunk was revised.
    pub fn chunk_key(&self, chunk: u32) -> Key {
        let is_revised = self.chunks.get(chunk as usize).is_some_and(|chunk| chunk.revised);
        if is_revised { Key::Revised(self.run.clone(), chunk) } else { Key::Chunk(self.run.clone(), chunk) }
    }

    /// Returns what a dry run would have sent, or `None` if the run is not a dry run.
    pub fn forecast(&self) -> Option<Forecast> {
        let DryRun { first_contacts, masked, tag_way } = self.dry_run.clone()?;
        let workload = Workload {
            batches: self.batches(),
            to_tag: if tag_way == Some(TagWay::Endpoint) { self.planned.sent } else { 0 },
            to_untag: self.removals.iter().map(|part| u64::from(*part)).sum(),
            segments: self.create_segments.len() as u64,
            requests_per_minute: self.requests_per_minute,
        };
        Some(Forecast {
            batches: workload.batches,
            requests: workload.requests(),
            requests_per_minute: self.requests_per_minute,
            seconds: workload.seconds(),
            tag_way,
            first_contacts,
            masked,
        })
    }

    /// Returns the number of batches that the contacts fill.
    pub fn batches(&self) -> u64 {
        self.chunks.iter().map(|chunk| u64::from(chunk.contacts.div_ceil(self.batch_contacts))).sum()
    }
}
