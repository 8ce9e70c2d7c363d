//! Names of guards.

use std::{collections::BTreeSet, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::wording::unknown;

/// The guards that a run is allowed to pass.
pub type Allowed = BTreeSet<GuardName>;

/// The name of a guard, as `--allow`, events and reports write it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "&'static str")]
pub enum GuardName {
    Empty,
    MaxProfiles,
    Rejects,
    Shrink,
    Growth,
    Removals,
}

impl GuardName {
    /// All guards, in the order in which messages list them.
    pub const ALL: [Self; 6] =
        [Self::Empty, Self::MaxProfiles, Self::Rejects, Self::Shrink, Self::Growth, Self::Removals];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::MaxProfiles => "max-profiles",
            Self::Rejects => "rejects",
            Self::Shrink => "shrink",
            Self::Growth => "growth",
            Self::Removals => "removals",
        }
    }

    /// Returns the key of an export that sets the guard's limit, or `None` if it has no limit.
    pub fn key(self) -> Option<&'static str> {
        match self {
            Self::Empty => None,
            Self::MaxProfiles => Some("max_profiles"),
            Self::Rejects => Some("guards.rejects_percent"),
            Self::Shrink => Some("guards.shrink_percent"),
            Self::Growth => Some("guards.growth_factor"),
            Self::Removals => Some("guards.removals_percent"),
        }
    }
}

impl fmt::Display for GuardName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl From<GuardName> for &'static str {
    fn from(name: GuardName) -> Self {
        name.as_str()
    }
}

/// A text that is not the name of a guard.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", unknown(.0, "a guard", &GuardName::ALL.map(GuardName::as_str)))]
pub struct UnknownGuard(String);

impl FromStr for GuardName {
    type Err = UnknownGuard;

    fn from_str(text: &str) -> Result<Self, UnknownGuard> {
        let known = Self::ALL.into_iter().find(|name| name.as_str() == text);
        known.ok_or_else(|| UnknownGuard(text.to_owned()))
    }
}

impl TryFrom<String> for GuardName {
    type Error = UnknownGuard;

    fn try_from(text: String) -> Result<Self, UnknownGuard> {
        text.parse()
    }
}
