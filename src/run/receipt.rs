//! Records of a chunk: what was posted, and the outcome of each contact.

use std::{collections::BTreeSet, ops::Range};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::TagWay;

/// One accepted `POST /batches`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Batch {
    /// Omnisend's id of the batch.
    pub batch_id: String,
    /// The contacts in the batch, by their place in the chunk.
    pub contacts: Contacts,
    pub posted_at: Timestamp,
}

/// Some of a chunk's contacts, by their place in the chunk, in ascending order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Contacts {
    /// Contiguous places.
    Range(Range<u32>),
    /// Places with gaps: the batch leaves some contacts out, or repeats some contacts of another batch.
    Places(Vec<u32>),
}

impl Contacts {
    pub fn len(&self) -> usize {
        match self {
            Self::Range(range) => range.len(),
            Self::Places(places) => places.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the first contact's place in the chunk.
    pub fn first(&self) -> Option<u32> {
        match self {
            Self::Range(range) => Some(range.start),
            Self::Places(places) => places.first().copied(),
        }
    }

    /// Returns each contact's place in the chunk.
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

/// A contact that Omnisend rejected, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejection {
    /// The contact's place in the chunk.
    pub place: u32,
    /// Omnisend's code, or the HTTP status if it gave none.
    pub code: String,
    /// Omnisend's message, with the field.
    pub reason: String,
    /// The field that Omnisend names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

/// What was sent of a chunk. It is stored when every contact has been posted or rejected; the chunk is then done.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The batches that Omnisend accepted, in the order of their contacts.
    pub batches: Vec<Batch>,
    /// Contacts that Omnisend rejected in its answer to a `POST /batches`. They are in no batch.
    pub rejected: Vec<Rejection>,
    /// How the contacts get their tags: in their batches, or after they are settled.
    #[serde(default)]
    pub tags: TagWay,
    /// Requests that were sent, retries included.
    pub requests: u64,
    /// How many of them were answered with 429.
    pub throttled: u64,
}

impl Receipt {
    /// Returns which of the chunk's contacts were posted or rejected, by place. `contacts` is the chunk's size.
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

/// What was sent of a chunk whose upload had to stop early. The upload continues from here and replaces it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Progress(pub Receipt);

/// The batches in which settling sent contacts of a chunk again, because Omnisend had stopped their first batch.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Resent(pub Receipt);

/// Whether Omnisend accepted a chunk's contacts. Those that are neither rejected nor unknown were accepted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// How many contacts Omnisend accepted.
    pub accepted: u64,
    /// In ascending order of their places.
    pub rejected: Vec<Rejection>,
    /// In ascending order of their places.
    pub unknown: Vec<Unknown>,
    /// Requests that were sent to learn the outcome.
    pub requests: u64,
}

impl Outcome {
    /// Returns the places of the accepted contacts among those in the batches of `receipts`, in ascending order.
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

/// A contact that Omnisend may or may not have accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unknown {
    /// The contact's place in the chunk.
    pub place: u32,
    /// Why the outcome is unknown.
    pub reason: String,
}
