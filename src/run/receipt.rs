//! What an upload wrote down of a chunk, and what settle wrote down of it.

use std::{collections::BTreeSet, ops::Range};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{TagWay, Trigger};

/// One accepted `POST /batches`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Batch {
    /// Omnisend's id of it.
    pub batch_id: String,
    /// The chunk's contacts in it, by their place in the chunk.
    pub contacts: Contacts,
    /// When it was posted.
    pub posted_at: Timestamp,
}

/// Some of a chunk's contacts, by their place in it, in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Contacts {
    /// A run of neighbours.
    Range(Range<u32>),
    /// Single ones: of a batch out of which some were taken, or what was sent again.
    Places(Vec<u32>),
}

impl Contacts {
    /// How many.
    pub fn len(&self) -> usize {
        match self {
            Self::Range(range) => range.len(),
            Self::Places(places) => places.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The first one's place in the chunk.
    pub fn first(&self) -> Option<u32> {
        match self {
            Self::Range(range) => Some(range.start),
            Self::Places(places) => places.first().copied(),
        }
    }

    /// Each one's place in the chunk.
    pub fn places(&self) -> Vec<u32> {
        match self {
            Self::Range(range) => range.clone().collect(),
            Self::Places(places) => places.clone(),
        }
    }
}

impl From<Vec<u32>> for Contacts {
    fn from(places: Vec<u32>) -> Self {
        match (places.first(), places.last()) {
            (Some(&first), Some(&last)) if (last - first) as usize + 1 == places.len() => {
                Self::Range(first..last + 1)
            }
            _ => Self::Places(places),
        }
    }
}

/// A contact that Omnisend refused, and what it said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejection {
    /// Its place in the chunk.
    pub place: u32,
    /// Omnisend's code, or the HTTP status where it gave none.
    pub code: String,
    /// What Omnisend said, with the field.
    pub reason: String,
    /// The field that it names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

/// What a chunk's upload wrote down: in `progress/` while some of it is still to be sent, in `receipts/` when
/// every contact was posted or refused.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The batches that Omnisend took, in the order of their contacts.
    pub batches: Vec<Batch>,
    /// Contacts that Omnisend refused at once, so that they are in no batch.
    pub rejected: Vec<Rejection>,
    /// How its contacts get their tags: in their batches, or when they are settled.
    #[serde(default)]
    pub tags: TagWay,
    /// Requests that it took, retries included.
    pub requests: u64,
    /// How many of them were answered with 429.
    pub throttled: u64,
}

impl Receipt {
    /// Which of a chunk's contacts it covers, by place.
    pub fn covered(&self, contacts: usize) -> Vec<bool> {
        let mut covered = vec![false; contacts];
        let batched = self.batches.iter().flat_map(|batch| batch.contacts.places());
        for place in batched.chain(self.rejected.iter().map(|rejection| rejection.place)) {
            if let Some(covered) = covered.get_mut(place as usize) {
                *covered = true;
            }
        }
        covered
    }
}

/// What became of a chunk's contacts; those that are neither rejected nor unknown were accepted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// How many contacts Omnisend took.
    pub accepted: u64,
    /// Those that it refused, by place.
    pub rejected: Vec<Rejection>,
    /// Those of which nobody can tell, by place.
    pub unknown: Vec<Unknown>,
    /// Requests that it took to find out.
    pub requests: u64,
}

impl Outcome {
    /// The contacts that were accepted of those that some receipts say were posted, by place, in order.
    pub fn accepted_of(&self, receipts: &[&Receipt]) -> Vec<u32> {
        let posted = receipts.iter().flat_map(|receipt| &receipt.batches);
        let mut accepted: BTreeSet<u32> = posted.flat_map(|batch| batch.contacts.places()).collect();
        let rejected = self.rejected.iter().map(|rejection| rejection.place);
        for place in rejected.chain(self.unknown.iter().map(|unknown| unknown.place)) {
            accepted.remove(&place);
        }
        accepted.into_iter().collect()
    }
}

/// How far the changes of tags of a chunk, or of a part of the removals, came.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TagReceipt {
    /// Requests that were made, in their order.
    pub done: u32,
    /// Of so many.
    pub of: u32,
    /// Contacts whose tags were changed.
    pub contacts: u64,
    /// Tags that were added or taken away, over all contacts.
    pub tags: u64,
    /// Contacts that Omnisend refused by name, by place.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<u32>,
    /// Requests that it took, retries included.
    pub requests: u64,
    /// How many of them were answered with 429.
    pub throttled: u64,
}

impl TagReceipt {
    /// Whether every request was made.
    pub fn is_complete(&self) -> bool {
        self.done >= self.of
    }
}

/// A contact of which nobody can tell what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unknown {
    /// Its place in the chunk.
    pub place: u32,
    /// Why nobody can tell.
    pub reason: String,
}

/// A drop that no run could be made of. After some attempts the sweep leaves it alone; a newer drop, or somebody who
/// asks for a run, tries again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedDrop {
    /// What was dropped.
    pub trigger: Trigger,
    /// What is wrong with it, and what to do.
    pub reason: String,
    /// How often it was tried.
    pub attempts: u32,
    /// When it was tried last.
    pub at: Timestamp,
}

impl RefusedDrop {
    /// How often a drop is tried: a file that could not be read just now may be read later.
    pub const ATTEMPTS: u32 = 3;
}

/// Why a run waits for a person. Its messages are taken off the queue meanwhile, and nothing is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parked {
    /// What happened, and what to do.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}
