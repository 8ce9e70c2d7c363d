//! Why a guard stops a run.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::name::GuardName;
use crate::wording::number;

/// A guard that stops a run, with the numbers that it compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "guard")]
pub enum Guard {
    /// The source has no contacts.
    Empty {
        /// Rows that were read.
        read: u64,
    },
    /// The source has more contacts than the export allows.
    MaxProfiles { limit: u64 },
    /// Too many rows are invalid.
    Rejects {
        invalid: u64,
        /// Rows that the filter does not leave out.
        rows: u64,
        limit_percent: u64,
    },
    /// The source has far fewer contacts than last time.
    Shrink {
        /// Contacts now.
        members: u64,
        /// Contacts in the snapshot.
        last: u64,
        limit_percent: u64,
    },
    /// The source has far more contacts than last time.
    Growth {
        /// Contacts now.
        members: u64,
        /// Contacts in the snapshot.
        last: u64,
        limit_factor: u64,
    },
    /// Too many contacts would lose their tag.
    Removals {
        /// Contacts that would lose their tag.
        removals: u64,
        /// Contacts in the snapshot.
        last: u64,
        limit_percent: u64,
    },
}

impl Guard {
    pub fn name(&self) -> GuardName {
        match self {
            Self::Empty { .. } => GuardName::Empty,
            Self::MaxProfiles { .. } => GuardName::MaxProfiles,
            Self::Rejects { .. } => GuardName::Rejects,
            Self::Shrink { .. } => GuardName::Shrink,
            Self::Growth { .. } => GuardName::Growth,
            Self::Removals { .. } => GuardName::Removals,
        }
    }
}

impl fmt::Display for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Empty { read: 0 } => f.write_str("the source has no rows"),
            Self::Empty { read } => {
                write!(f, "none of the source's {} rows is a valid contact", number(read))
            }
            Self::MaxProfiles { limit } => {
                write!(f, "the source has more than the {} contacts that the export allows", number(limit))
            }
            Self::Rejects { invalid, rows, limit_percent } => {
                write!(
                    f,
                    "{} of the {} rows are invalid (limit: {limit_percent}%)",
                    number(invalid),
                    number(rows)
                )
            }
            Self::Shrink { members, last, limit_percent } => write!(
                f,
                "the source shrank from {} contacts to {} (limit: {limit_percent}%)",
                number(last),
                number(members)
            ),
            Self::Growth { members, last, limit_factor } => write!(
                f,
                "the source grew from {} contacts to {} (limit: {limit_factor} times as many)",
                number(last),
                number(members)
            ),
            Self::Removals { removals, last, limit_percent } => write!(
                f,
                "{} of the last run's {} contacts would lose their tag (limit: {limit_percent}%)",
                number(removals),
                number(last)
            ),
        }
    }
}
