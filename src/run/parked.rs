//! Records of what waits for a person: a parked run, and a refused drop.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Trigger;

/// Why a run is parked. Its messages are taken off the queue meanwhile, and nothing is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parked {
    /// What happened, and what to do.
    pub reason: String,
    pub at: Timestamp,
}

/// A drop that no run could be made of. After [`Self::ATTEMPTS`] attempts the sweep ignores it; a newer drop, or a
/// person who asks for a run, tries again.
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
    /// How often a drop is tried: a file that could not be read now may be readable later.
    pub const ATTEMPTS: u32 = 3;
}
