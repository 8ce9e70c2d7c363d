//! How much of a segment a run sends, and why it may send more than its mode asks for.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How much of a segment a run sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Every profile.
    Full,
    /// The profiles that are new or changed since the last settled run.
    Changes,
    /// Like `Changes`; also removes the segment's tag from leavers.
    Mirror,
}

impl Mode {
    /// Returns the mode as configuration and reports write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Changes => "changes",
            Self::Mirror => "mirror",
        }
    }
}

/// Why a run sends every contact although its mode asks for changes only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FullSendReason {
    /// The export has no settled run.
    FirstRun,
    /// The mapping changed, so the hashes of the last run cannot be compared.
    MappingChanged,
}

impl fmt::Display for FullSendReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::FirstRun => "every contact was sent: the export has no earlier settled run",
            Self::MappingChanged => "every contact was sent: the export's mapping changed since the last run",
        })
    }
}
