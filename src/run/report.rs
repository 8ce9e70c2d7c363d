//! The report: how a run ended, as it is stored in `report.json`.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    Allowed, ConsentCounts, Counts, EnsuredSegment, Forecast, FullSendReason, Guard, GuardLimits, Mode,
    RowOutcome,
};
use crate::{
    contact::{Channel, WarningCounts},
    keys::{ConnectionName, RunId, RunRef},
};

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Every row was sent, unchanged, filtered or a duplicate.
    Succeeded,
    /// Some rows or contacts did not arrive.
    Partial,
    /// The run could not continue.
    Failed,
    /// A person canceled the run.
    Canceled,
    /// There was nothing to do.
    Skipped,
    /// A guard stopped the run before its first request.
    Stopped,
}

impl State {
    /// Returns the state as reports write it.
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

/// Why a number of rows or contacts did not arrive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    pub outcome: RowOutcome,
    /// The code, for programs.
    pub code: String,
    /// The reason, for people. If Omnisend's message differs between contacts, this is one example.
    pub reason: String,
    pub count: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    #[serde(flatten)]
    pub run: RunRef,
    pub connection: ConnectionName,
    pub display_name: String,
    pub mode: Mode,
    pub state: State,
    /// Why the run ended this way and what to do, if there is anything to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// What started the run, in words.
    pub trigger: String,
    /// When the plan started.
    pub started_at: Timestamp,
    /// When the last contact was settled.
    pub ended_at: Timestamp,
    /// The exact objects that were read.
    pub source: Vec<SourceObject>,
    pub counts: Counts,
    /// The run whose tags this run removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undoes: Option<RunId>,
    /// The run whose corrected rejects this run sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub corrects: Option<RunId>,
    /// The run whose undelivered contacts this run sent again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replays: Option<RunId>,
    /// Why every contact was sent although the mode asks for changes only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sends_all: Option<FullSendReason>,
    /// Contacts that are in several of the run's segments. All but one of a contact's rows count as `duplicate`.
    #[serde(default)]
    pub overlapping: u64,
    /// Of `overlapping`, contacts whose rows differ. The first segment's row was sent.
    #[serde(default)]
    pub conflicting: u64,
    /// Of `unknown`, contacts that were never sent because the run ended early.
    pub not_sent: u64,
    /// Batches that Omnisend accepted.
    pub batches: u64,
    pub requests: Requests,
    /// Tags that were added or removed with requests of their own.
    #[serde(default, skip_serializing_if = "TagCounts::is_empty")]
    pub tags: TagCounts,
    /// The segments that the export creates in Omnisend.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub segments: Vec<EnsuredSegment>,
    /// Cells that were left out because they do not fit their field, by field and reason.
    pub warnings: WarningCounts,
    /// The consent that was sent, by channel. Empty if the export maps no consent.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub consent: BTreeMap<Channel, ConsentCounts>,
    /// Why rows and contacts did not arrive, most frequent first.
    pub reasons: Vec<Reason>,
    /// Whether the source could not be read again. Then `rejects.csv` has only the email address of contacts that did
    /// not arrive.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub rejects_without_cells: bool,
    #[serde(default)]
    pub guards: GuardLimits,
    /// The guards that the run was allowed to pass.
    #[serde(default, skip_serializing_if = "Allowed::is_empty")]
    pub allowed: Allowed,
    /// The guards that stopped the run, or would have stopped it if it were not a dry run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stopped: Vec<Guard>,
    /// What a dry run would have sent. `None` if the run is not a dry run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dry_run: Option<Forecast>,
}

/// An object that was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceObject {
    /// The object's location, as [`crate::keys::Location`] writes it.
    pub object: String,
    pub version: String,
    /// In bytes.
    pub size: u64,
}

/// The requests that a run sent, by purpose.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requests {
    /// To post batches, retries included.
    pub upload: u64,
    /// To ask for the outcome of the batches.
    pub settle: u64,
    /// To add and remove tags.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub tags: u64,
    /// To look up and create segments.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub segments: u64,
    /// How many of them Omnisend throttled (429).
    pub throttled: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for this shape")]
fn is_zero(n: &u64) -> bool {
    *n == 0
}

impl Requests {
    /// Returns the number of all requests.
    pub fn all(&self) -> u64 {
        [self.settle, self.tags, self.segments].into_iter().fold(self.upload, u64::saturating_add)
    }
}

/// Tags that were added or removed through `/contacts/tags`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TagCounts {
    /// Contacts that got tags after their batches.
    pub added_to: u64,
    /// Tags that were added to them.
    pub added: u64,
    /// Contacts that lost tags because they left.
    pub removed_from: u64,
    /// Tags that were removed from them.
    pub removed: u64,
    /// Contacts whose address Omnisend refused. Their tags did not change.
    pub refused: u64,
}

impl TagCounts {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
