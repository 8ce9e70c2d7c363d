//! The limits that an export sets for its guards.

use serde::{Deserialize, Serialize};

use super::name::GuardName;

/// The limits that guards compare with. `None` switches a guard off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuardLimits {
    /// The most contacts of a run.
    pub max_profiles: u64,
    /// By how many percent of the last run's contacts the segments may shrink.
    pub shrink_percent: Option<u64>,
    /// How many percent of the last run's contacts may lose their tag.
    pub removals_percent: Option<u64>,
    /// How many percent of the rows may be invalid.
    pub rejects_percent: Option<u64>,
    /// How many times as many contacts as in the last run the segments may have.
    pub growth_factor: Option<u64>,
}

impl Default for GuardLimits {
    fn default() -> Self {
        Self {
            max_profiles: 1_000_000,
            shrink_percent: Some(50),
            removals_percent: Some(10),
            rejects_percent: Some(10),
            growth_factor: Some(5),
        }
    }
}

impl GuardLimits {
    /// Returns the guards that are switched off.
    pub fn off(&self) -> Vec<GuardName> {
        let limits = [
            (GuardName::Rejects, self.rejects_percent),
            (GuardName::Shrink, self.shrink_percent),
            (GuardName::Growth, self.growth_factor),
            (GuardName::Removals, self.removals_percent),
        ];
        limits.into_iter().filter(|(_, limit)| limit.is_none()).map(|(name, _)| name).collect()
    }
}
