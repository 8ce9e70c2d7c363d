//! Segments of Omnisend's that a run's export asks for.

use serde::{Deserialize, Serialize};

use crate::contact::Tag;

/// A segment that is to be there: the contacts that have a tag.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WantedSegment {
    /// Its name.
    pub name: String,
    /// The tag.
    pub tag: Tag,
}

/// What became of a segment that is to be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SegmentState {
    /// It was made.
    Created,
    /// It was there.
    There,
    /// One of its name was there, with other conditions.
    Other,
    /// It could not be seen to.
    Failed,
}

/// A segment that was seen to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SegmentSeen {
    /// Its name.
    pub name: String,
    /// The tag that its contacts have.
    pub tag: Tag,
    /// What became of it.
    pub state: SegmentState,
    /// What to do about it, if there is something.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub says: Option<String>,
}

/// A run's segments, as they were seen to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SegmentsSeen {
    /// Each of them.
    pub segments: Vec<SegmentSeen>,
    /// Requests that it took.
    pub requests: u64,
}
