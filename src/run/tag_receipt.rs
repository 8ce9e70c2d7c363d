//! Records of tag changes that were made outside of the contacts' batches.

use serde::{Deserialize, Serialize};

use super::ChunkRef;
use crate::keys::RunRef;

/// A part of a run's tag changes. Each part has its own receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TagPart {
    /// The tags of a chunk's contacts.
    Additions(ChunkRef),
    /// One part of the run's removals; parts are counted from 0.
    Removals(RunRef, u32),
}

/// How much of a part was done.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TagReceipt {
    /// How many of the part's requests were made. Their order is fixed.
    pub done: u32,
    /// How many requests the part has.
    #[serde(rename = "of")]
    pub total: u32,
    /// Contacts whose tags were changed.
    pub contacts: u64,
    /// Tags that were added or removed, summed over all contacts.
    pub tags: u64,
    /// The places of the contacts whose addresses Omnisend refused.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<u32>,
    /// Requests that were sent, retries included.
    pub requests: u64,
    /// How many of them were answered with 429.
    pub throttled: u64,
}

impl TagReceipt {
    /// Whether every request was made.
    pub fn is_complete(&self) -> bool {
        self.done >= self.total
    }
}
