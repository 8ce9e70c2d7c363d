//! What guards are called.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// What a guard is called where somebody lets a run through it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "&'static str")]
pub enum GuardName {
    /// Nobody is in the source.
    Empty,
    /// More contacts than the export allows.
    MaxProfiles,
    /// Too many rows are no contact.
    Rejects,
    /// Far fewer contacts than last time.
    Shrink,
    /// Far more contacts than last time.
    Growth,
    /// Too many contacts would lose their tag.
    Removals,
}

impl GuardName {
    /// Every guard, in the order in which they are looked at.
    pub const ALL: [Self; 6] =
        [Self::Empty, Self::MaxProfiles, Self::Rejects, Self::Shrink, Self::Growth, Self::Removals];

    /// The name as `--allow`, events and reports write it.
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

    /// The key of an export that sets the guard's limit; none where there is nothing to set.
    pub fn key(self) -> Option<&'static str> {
        match self {
            Self::Empty => None,
            Self::MaxProfiles => Some("max_profiles"),
            Self::Rejects => Some("rejects_percent"),
            Self::Shrink => Some("shrink_percent"),
            Self::Growth => Some("growth_factor"),
            Self::Removals => Some("removals_percent"),
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

/// A word that is no guard's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownGuard(String);

impl fmt::Display for UnknownGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word: String = self.0.chars().take(40).collect();
        write!(f, "`{}` is no guard; ", word.escape_debug())?;
        let near = GuardName::ALL.into_iter().map(|name| (strsim::osa_distance(&word, name.as_str()), name));
        if let Some((_, name)) = near.min_by_key(|(mistakes, _)| *mistakes).filter(|(n, _)| *n <= 3) {
            write!(f, "did you mean `{name}`? ")?;
        }
        f.write_str("Guards are ")?;
        f.write_str(&GuardName::ALL.map(GuardName::as_str).join(", "))
    }
}

impl std::error::Error for UnknownGuard {}

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
