//! Consent as an export declares it.

use serde::{Deserialize, Serialize};

use super::{Channel, Channels, DateFormat, Status};
use crate::contact::OnInvalid;

/// Which columns say what people consented to. A channel that is not declared is never sent.
pub type ConsentMapping = Channels<Option<ChannelConsent>>;

/// Where a channel's consent stands in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelConsent {
    /// The column whose values say it.
    pub column: String,
    /// Values and what they mean, trimmed and in lower case; none stands there twice.
    pub values: Vec<(String, Status)>,
    /// The column with the day on which the status was given.
    pub date: String,
    /// How that day is written; RFC 3339 or `YYYY-MM-DD` if it is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date_format: Option<DateFormat>,
    /// Where people gave their consent.
    pub source: String,
    /// Whether what is no opt-out may be sent: it can override an opt-out that only Omnisend knows of.
    pub may_subscribe: bool,
    /// What happens to a row with a value of no list, or a date or address that is none.
    #[serde(default)]
    pub on_invalid: OnInvalid,
    /// The column with the address from which consent was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip: Option<String>,
    /// The column with the program with which it was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
}

impl ChannelConsent {
    /// What a cell means, if it is one of the values.
    pub(super) fn status(&self, cell: &str) -> Option<Status> {
        let same = |value: &str| {
            if cell.is_ascii() { cell.eq_ignore_ascii_case(value) } else { cell.to_lowercase() == value }
        };
        self.values.iter().find(|(value, _)| same(value)).map(|(_, status)| *status)
    }

    fn columns(&self) -> impl Iterator<Item = &str> {
        let always = [self.column.as_str(), self.date.as_str()];
        always.into_iter().chain(self.ip.as_deref()).chain(self.user_agent.as_deref())
    }
}

impl ConsentMapping {
    /// Every column that consent is read from.
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
