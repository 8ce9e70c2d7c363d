//! The limits that an export sets for its guards.

use serde::{Deserialize, Serialize};

use super::name::GuardName;

/// The limits of the guards. `None` switches a guard off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuardLimits {
    /// The most contacts of a run.
    pub max_profiles: u64,
    /// How much the segments may shrink, in percent of the last run's contacts.
    pub shrink_percent: Option<u64>,
    /// How many contacts may lose their tag, in percent of the last run's contacts.
    pub removals_percent: Option<u64>,
    /// How many rows may be invalid, in percent of all rows that the filter keeps.
    pub rejects_percent: Option<u64>,
    /// How much the segments may grow, as a multiple of the last run's contacts.
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
