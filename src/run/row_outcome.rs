//! The outcome of a row that did not arrive, as reports and rejects name it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Why a duplicate is not sent.
pub const DUPLICATE_REASON: &str = "an earlier row has this email address; the first row is used";

/// What happened to a row or contact that did not arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RowOutcome {
    /// An earlier row has the same email.
    Duplicate,
    /// The row cannot become a contact.
    Invalid,
    /// Omnisend rejected the contact.
    Rejected,
    /// Omnisend did not confirm whether it accepted the contact, or the contact was never sent.
    Unknown,
}

impl RowOutcome {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Duplicate => "duplicate",
            Self::Invalid => "invalid",
            Self::Rejected => "rejected",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for RowOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stores_the_same_word_that_it_displays() {
        for outcome in [RowOutcome::Duplicate, RowOutcome::Invalid, RowOutcome::Rejected, RowOutcome::Unknown]
        {
            assert_eq!(serde_json::to_value(outcome).unwrap(), outcome.as_str());
        }
    }
}
