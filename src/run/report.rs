//! The report: what became of a run, as `report.json` has it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    Allowed, ConsentCounts, Counts, EnsuredSegment, Forecast, Guard, GuardLimits, Mode, RowOutcome, SendsAll,
};
use crate::contact::{Channel, WarningCounts};
use crate::keys::{ConnectionName, RunId, RunRef};

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Every row arrived, was there already, or stood twice.
    Succeeded,
    /// It ended, with rows or contacts that did not arrive.
    Partial,
    /// It could not go on.
    Failed,
    /// Somebody canceled it.
    Canceled,
    /// There was nothing to do.
    Skipped,
    /// A guard stopped it before its first request.
    Stopped,
}

impl State {
    /// The state as reports write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Partial => "partial",
            Self::Failed => "failed",
            Self::Canceled => "canceled",
            Self::Skipped => "skipped",
            Self::Stopped => "stopped",
        }
    }
}

/// How many rows or contacts share a reason for not arriving.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    pub outcome: RowOutcome,
    /// The code, for programs.
    pub code: String,
    /// The reason, for people; one example's where Omnisend words it for each contact.
    pub reason: String,
    /// How many.
    pub count: u64,
}

/// What became of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// The run, as `run` and `export`.
    #[serde(flatten)]
    pub run: RunRef,
    /// The brand that it went to.
    pub connection: ConnectionName,
    /// The export's name for people.
    pub display_name: String,
    /// How much of the segment it sent.
    pub mode: Mode,
    /// How it ended.
    pub state: State,
    /// Why it ended so, and what to do, where it is not plain success.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// What started it.
    pub trigger: String,
    /// When its plan began.
    pub started_at: Timestamp,
    /// When its last contact was settled.
    pub ended_at: Timestamp,
    /// The exact objects that were read.
    pub source: Vec<SourceLine>,
    /// The counts, which add up.
    pub counts: Counts,
    /// The run whose tags it took away again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undoes: Option<RunId>,
    /// The run whose rejects it sent, corrected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub corrects: Option<RunId>,
    /// The run of which it sent again what had not arrived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replays: Option<RunId>,
    /// Why everybody was sent though only changes were asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sends_all: Option<SendsAll>,
    /// Contacts that are in several of the run's segments, of which `duplicate` counts all rows but one.
    #[serde(default)]
    pub overlapping: u64,
    /// Of them, those that differ there: what the first segment says was sent.
    #[serde(default)]
    pub conflicting: u64,
    /// Of `unknown`, those that were never sent, because the run ended before.
    pub not_sent: u64,
    /// Batches that Omnisend took.
    pub batches: u64,
    /// Requests, by what they were for.
    pub requests: Requests,
    /// Tags that were changed apart from batches.
    #[serde(default, skip_serializing_if = "TagCounts::is_empty")]
    pub tags: TagCounts,
    /// The segments that the export asks Omnisend to have.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub segments: Vec<EnsuredSegment>,
    /// Cells left out because their field does not take them, by field and reason.
    pub warnings: WarningCounts,
    /// What the contacts were sent of consent, by channel; none where the export maps no consent.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub consent: BTreeMap<Channel, ConsentCounts>,
    /// Why rows and contacts did not arrive, most frequent first.
    pub reasons: Vec<Reason>,
    /// That rows of contacts that did not arrive could not be read again: of them, `rejects.csv` has the e-mail alone.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub rejects_without_cells: bool,
    /// What the guards compared with.
    #[serde(default)]
    pub guards: GuardLimits,
    /// The guards that the run was let through.
    #[serde(default, skip_serializing_if = "Allowed::is_empty")]
    pub allowed: Allowed,
    /// The guards that stopped the run, or would have stopped a dry run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stopped: Vec<Guard>,
    /// What a dry run would have sent; a run that sends has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dry_run: Option<Forecast>,
}

/// An object that was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceLine {
    /// Where it lies.
    pub object: String,
    /// Its exact version.
    pub version: String,
    /// Its size in bytes.
    pub size: u64,
}

/// Requests that a run took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requests {
    /// To post batches, retries included.
    pub upload: u64,
    /// To find out what became of them.
    pub settle: u64,
    /// To change tags.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub tags: u64,
    /// To see to segments.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub segments: u64,
    /// How many were answered with 429.
    pub throttled: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for this shape")]
fn is_zero(n: &u64) -> bool {
    *n == 0
}

impl Requests {
    /// All of them.
    pub fn all(&self) -> u64 {
        [self.settle, self.tags, self.segments].into_iter().fold(self.upload, u64::saturating_add)
    }
}

/// Tags that were changed through `/contacts/tags`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TagCounts {
    /// Contacts that tags were added to, after their batches.
    pub added_to: u64,
    /// Tags that were added to them.
    pub added: u64,
    /// Contacts that tags were taken from, because they left.
    pub removed_from: u64,
    /// Tags that were taken from them.
    pub removed: u64,
    /// Contacts whose address Omnisend refused there: their tags are as they were.
    pub refused: u64,
}

impl TagCounts {
    /// Whether nothing was changed.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
