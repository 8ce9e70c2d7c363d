//! Consent as an export declares it.

use serde::{Deserialize, Serialize};

use super::{
    channel::{Channel, Channels},
    date::DateFormat,
    status::Status,
};
use crate::contact::policy::OnInvalid;

/// The consent columns of each channel. Consent for an undeclared channel is never sent.
pub type ConsentMapping = Channels<Option<ChannelConsent>>;

/// The columns that hold a channel's consent, and how to read them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelConsent {
    /// The column with the status.
    pub column: String,
    /// The column's values and what they mean: trimmed, in lower case, each once.
    pub values: Vec<(String, Status)>,
    /// The column with the date of the status.
    pub date: String,
    /// The format of the date; RFC 3339 or `YYYY-MM-DD` if not set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date_format: Option<DateFormat>,
    /// Where people gave their consent.
    pub source: String,
    /// Whether statuses other than opt-outs may be sent: they can override an opt-out that only Omnisend knows.
    pub may_subscribe: bool,
    /// What to do with a row whose status, date or IP address is invalid.
    #[serde(default)]
    pub on_invalid: OnInvalid,
    /// The column with the IP address from which consent was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip: Option<String>,
    /// The column with the user agent with which consent was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
}

impl ChannelConsent {
    /// Returns the status that a cell stands for, if it is one of the listed values.
    pub(super) fn status(&self, cell: &str) -> Option<Status> {
        let matches = |value: &str| {
            if cell.is_ascii() { cell.eq_ignore_ascii_case(value) } else { cell.to_lowercase() == value }
        };
        self.values.iter().find(|(value, _)| matches(value)).map(|(_, status)| *status)
    }

    fn columns(&self) -> impl Iterator<Item = &str> {
        let required = [self.column.as_str(), self.date.as_str()];
        required.into_iter().chain(self.ip.as_deref()).chain(self.user_agent.as_deref())
    }
}

impl ConsentMapping {
    /// Returns every column that consent is read from.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        Channel::ALL
            .into_iter()
            .filter_map(|channel| self.of(channel).as_ref())
            .flat_map(ChannelConsent::columns)
    }

    /// Whether no channel is declared.
    pub fn is_empty(&self) -> bool {
        self.email.is_none() && self.sms.is_none()
    }
}
