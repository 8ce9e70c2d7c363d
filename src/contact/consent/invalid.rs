//! Consent cells whose value is invalid.

use super::channel::Channel;

/// A consent cell whose value is invalid, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[error("{}: {reason}", self.name())]
pub struct InvalidConsent {
    pub(super) channel: Channel,
    pub(super) reason: Reason,
}

/// Why the value of a consent cell is invalid. Each reason belongs to one cell of a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub(super) enum Reason {
    #[error("not one of the listed values")]
    Value,
    #[error("not a date from 1990 to the day of the run, or not in the given `format`")]
    Date,
    #[error("not an IP address")]
    Ip,
}

impl InvalidConsent {
    /// Returns the cell's name in an export: `consent.email.date`.
    pub fn name(self) -> String {
        let key = match self.reason {
            Reason::Value => "",
            Reason::Date => ".date",
            Reason::Ip => ".ip",
        };
        format!("consent.{}{key}", self.channel.key())
    }

    /// Returns the reason as the report gives it if the row is sent without the cell.
    pub(in crate::contact) fn warning(self) -> String {
        match self.reason {
            Reason::Value => format!("{}; the status is left unchanged", self.reason),
            Reason::Date | Reason::Ip => self.reason.to_string(),
        }
    }
}
