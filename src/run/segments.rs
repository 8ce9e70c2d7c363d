//! The segments that a run creates in Omnisend.

use serde::{Deserialize, Serialize};

use crate::contact::Tag;

/// A segment that must exist in Omnisend: the contacts with a tag.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WantedSegment {
    pub name: String,
    pub tag: Tag,
}

/// The state of a wanted segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SegmentState {
    /// The run created it.
    Created,
    /// It existed before.
    There,
    /// A segment with this name exists but has other conditions.
    Other,
    /// It could not be looked up or created.
    Failed,
}

/// A wanted segment after the run looked for it in Omnisend.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnsuredSegment {
    pub name: String,
    pub tag: Tag,
    pub state: SegmentState,
    /// What is wrong and what to do, if anything.
    #[serde(rename = "says", default, skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
}

/// All wanted segments of a run after it looked for them in Omnisend.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnsuredSegments {
    pub segments: Vec<EnsuredSegment>,
    /// Requests that were sent for them.
    pub requests: u64,
}
