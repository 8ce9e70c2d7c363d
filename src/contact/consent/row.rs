//! What one row states about consent.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::status::Statement;

/// A row's consent to a channel.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Consent<'a> {
    pub status: ConsentStatus,
    /// How consent was given. Only a subscription has a proof: any other status would overwrite the proof of an earlier
    /// subscription in Omnisend.
    pub proof: Option<Proof<'a>>,
}

/// A row's status for a channel, and whether it may be sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ConsentStatus {
    /// The row states no known status: the one in Omnisend stays.
    #[default]
    Unstated,
    /// The status needs a valid date and has none: it is not sent.
    Undated,
    /// The export does not allow this status to be sent.
    HeldBack,
    /// The status may be sent.
    Stated(Statement),
}

impl ConsentStatus {
    /// Returns the status to send, if any.
    pub fn statement(self) -> Option<Statement> {
        match self {
            Self::Stated(statement) => Some(statement),
            Self::Unstated | Self::Undated | Self::HeldBack => None,
        }
    }

    /// Returns the status to send, if it is an opt-out.
    pub fn opt_out(self) -> Option<Statement> {
        self.statement().filter(Statement::is_opt_out)
    }
}

/// How consent was given, as the API takes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Proof<'a> {
    /// Where people gave it, such as a form.
    pub source: Cow<'a, str>,
    pub created_at: jiff::Timestamp,
    /// The IP address from which it was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<Cow<'a, str>>,
}
