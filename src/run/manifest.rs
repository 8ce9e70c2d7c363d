//! The manifest: what a run sends, where from and how. The run exists once it is written.

use std::{collections::BTreeMap, num::NonZeroU32};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{
    Allowed, ConsentCounts, Forecast, Guard, GuardLimits, Planned, Prospect, TagWay, Trigger, WantedSegment,
};
use crate::keys::{ConnectionName, Key, RunId, RunRef};
use crate::{
    contact::{Channel, Mapping, Tag, WarningCounts, mask_contact},
    keys::Pinned,
    source::Reading,
};

/// A run that begins so long after its drop is late: an event takes seconds, and the sweep looks after ten minutes.
const LATE: SignedDuration = SignedDuration::from_mins(10);

/// How much of a segment a run sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Every profile.
    Full,
    /// What is new or different since the last settled run.
    Changes,
    /// The same, and takes the export's tag from those who left.
    Mirror,
}

impl Mode {
    /// The mode as configuration and reports write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Changes => "changes",
            Self::Mirror => "mirror",
        }
    }
}

/// One chunk of prepared contacts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChunkInfo {
    /// How many contacts it holds.
    pub contacts: u32,
    /// Whether opt-outs of later rows were put into it. It then lies under a key of its own: a second plan of the same
    /// run, at the same time, may still write what it first made of these rows.
    #[serde(default, skip_serializing_if = "is_false")]
    pub revised: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for this shape")]
fn is_false(flag: &bool) -> bool {
    !flag
}

/// A drop of a segment that is in a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SegmentDrop {
    /// The segment's name.
    pub name: String,
    /// Its tag.
    pub tag: Tag,
    /// The object that completed the drop: the one that was read, a marker or a list of files.
    pub completed_by: Pinned,
    /// How many contacts it has.
    pub contacts: u64,
}

/// Why everybody is sent though only changes were asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SendsAll {
    /// No run of the export was settled before.
    FirstRun,
    /// Rows become other contacts than they did.
    MappingChanged,
}

impl std::fmt::Display for SendsAll {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::FirstRun => "everybody was sent: no earlier run of the export is settled",
            Self::MappingChanged => "everybody was sent: the export's mapping changed since the last run",
        })
    }
}

/// What a run sends, where from and how. Written once, by the plan; every later stage starts from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The version of this shape.
    pub version: u32,
    /// The run.
    #[serde(flatten)]
    pub run: RunRef,
    /// The brand that it goes to.
    pub connection: ConnectionName,
    /// The export's name for people.
    pub display_name: String,
    /// How much of the segment it sends.
    pub mode: Mode,
    /// What started it.
    pub trigger: Trigger,
    /// When the plan began.
    pub started_at: Timestamp,
    /// The segments that are in the run, in the export's order.
    pub segments: Vec<SegmentDrop>,
    /// The exact objects that were read.
    pub source: Vec<Pinned>,
    /// How each of them was read; one stands for all that were read alike.
    #[serde(default)]
    pub readings: Vec<Reading>,
    /// Requests a minute that the connection allowed when the run was planned.
    pub requests_per_minute: NonZeroU32,
    /// How rows became contacts, and the tags that they were given: whether a later run may go on from here.
    pub mapping: Mapping,
    /// The tags of the export's segments, in its order.
    pub tags: Vec<Tag>,
    /// The segments that Omnisend is to have of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub create_segments: Vec<WantedSegment>,
    /// Tags that members have from earlier runs and that the export no longer gives: sets count them after `tags`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub former_tags: Vec<Tag>,
    /// Why everybody is sent though only changes were asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sends_all: Option<SendsAll>,
    /// Contacts that are in several of the segments.
    #[serde(default)]
    pub overlapping: u64,
    /// Of them, those that differ there: what the first segment says is sent.
    #[serde(default)]
    pub conflicting: u64,
    /// Members that are to lose tags, were the run to take any.
    #[serde(default)]
    pub leaving: u64,
    /// How many of them each object of `removals/` holds: none where the run takes no tag.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub removals: Vec<u32>,
    /// The run whose tags it takes away again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undoes: Option<RunId>,
    /// The run whose rejects it sends, corrected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub corrects: Option<RunId>,
    /// The run of which it sends again what did not arrive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replays: Option<RunId>,
    /// Contacts in a batch, at most.
    pub batch_contacts: u32,
    /// The chunks, in order.
    pub chunks: Vec<ChunkInfo>,
    /// How many objects list the rows that became no contact.
    pub refused_parts: u32,
    /// What the plan made of the rows.
    pub planned: Planned,
    /// How many cells were left out because their field does not take them.
    pub warnings: WarningCounts,
    /// What its contacts are sent of consent, by channel; none where the export maps no consent.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub consent: BTreeMap<Channel, ConsentCounts>,
    /// What the guards compared with.
    #[serde(default)]
    pub guards: GuardLimits,
    /// The guards that this run was let through.
    #[serde(default, skip_serializing_if = "Allowed::is_empty")]
    pub allowed: Allowed,
    /// The guards that stopped the run, if any did.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stopped: Vec<Guard>,
    /// That it was a dry run, and what it would have sent first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dry_run: Option<DryRun>,
}

/// What a dry run shows of the contacts that it does not send.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DryRun {
    /// The first contacts, as they would be sent.
    pub first_contacts: Vec<serde_json::Value>,
    /// Whether their values are masked.
    #[serde(default)]
    pub masked: bool,
    /// How contacts would get their tags; `None` where the run would find it out first.
    #[serde(default)]
    pub tag_way: Option<TagWay>,
}

impl DryRun {
    /// Of these contacts. Without their values, nobody's data stays behind where nothing is sent.
    pub fn of(
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
    /// The version that is written.
    pub const VERSION: u32 = 1;

    /// How long after its drop the run began, where that is so long that the drop's event did not start it in time.
    pub fn late(&self) -> Option<SignedDuration> {
        let after = self.started_at.duration_since(self.trigger.at());
        (matches!(self.trigger, Trigger::Drop { .. }) && after >= LATE).then_some(after)
    }

    /// What started it, for people; and how late it is.
    pub fn started_by(&self) -> String {
        match self.late() {
            Some(after) => format!("{}, late: {} minutes after it", self.trigger, after.as_mins()),
            None => self.trigger.to_string(),
        }
    }

    /// Whether it sends anything: a dry run does not, and none that a guard stopped.
    pub fn sends(&self) -> bool {
        self.stopped.is_empty() && self.dry_run.is_none()
    }

    /// The chunks that are to be sent: none of a dry run, and none where a guard stopped the run.
    pub fn chunks_to_send(&self) -> impl Iterator<Item = u32> + use<> {
        (0..).take(if self.sends() { self.chunks.len() } else { 0 })
    }

    /// Whether it is about the drop that this object completed.
    pub fn is_of(&self, completed_by: &Pinned) -> bool {
        self.segments.iter().any(|segment| segment.completed_by == *completed_by)
            || self.source.contains(completed_by)
    }

    /// The parts of its removals that are to be worked on.
    pub fn removals_to_do(&self) -> impl Iterator<Item = u32> + use<> {
        (0..).take(if self.sends() { self.removals.len() } else { 0 })
    }

    /// Whether it is about some contacts only, and says nothing of who is in a segment.
    pub fn is_aside(&self) -> bool {
        self.undoes.is_some() || self.corrects.is_some() || self.replays.is_some()
    }

    /// How one of the objects was read, if that is known.
    pub fn reading(&self, object: usize) -> Option<&Reading> {
        self.readings.get(object).or(if self.readings.len() == 1 { self.readings.first() } else { None })
    }

    /// Every tag that its sets may name, by place.
    pub fn all_tags(&self) -> Vec<Tag> {
        self.tags.iter().chain(&self.former_tags).cloned().collect()
    }

    /// Where a chunk's contacts lie.
    pub fn chunk_key(&self, chunk: u32) -> Key {
        let is_revised = self.chunks.get(chunk as usize).is_some_and(|chunk| chunk.revised);
        if is_revised { Key::Revised(self.run.clone(), chunk) } else { Key::Chunk(self.run.clone(), chunk) }
    }

    /// What a dry run would have sent.
    pub fn forecast(&self) -> Option<Forecast> {
        let DryRun { first_contacts, masked, tag_way } = self.dry_run.clone()?;
        let prospect = Prospect {
            batches: self.batches(),
            to_tag: if tag_way == Some(TagWay::Endpoint) { self.planned.sent } else { 0 },
            to_untag: self.removals.iter().map(|part| u64::from(*part)).sum(),
            segments: self.create_segments.len() as u64,
            requests_per_minute: self.requests_per_minute,
        };
        Some(Forecast {
            batches: prospect.batches,
            requests: prospect.asks(),
            requests_per_minute: self.requests_per_minute,
            seconds: prospect.seconds(),
            tag_way,
            first_contacts,
            masked,
        })
    }

    /// How many batches the contacts make.
    pub fn batches(&self) -> u64 {
        self.chunks.iter().map(|chunk| u64::from(chunk.contacts.div_ceil(self.batch_contacts))).sum()
    }
}
