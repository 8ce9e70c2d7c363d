//! Records of a parked run and of a refused drop, which wait for a person.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Trigger;

/// Why a run is parked. Until it is resumed, its messages are removed from the queue and nothing is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parked {
    /// What happened, and what to do.
    pub reason: String,
    pub at: Timestamp,
}

/// A drop that could not be run. After [`Self::ATTEMPTS`] attempts the sweep ignores it; a newer drop or a run that a
/// person requests is still tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedDrop {
    pub trigger: Trigger,
    /// What is wrong with the drop, and what to do.
    pub reason: String,
    /// How often it was tried.
    pub attempts: u32,
    /// When it was last tried.
    pub at: Timestamp,
}

impl RefusedDrop {
    /// How often a drop is tried, because a file that cannot be read now may be readable later.
    pub const ATTEMPTS: u32 = 3;
}
