//! A contact as `POST /contacts` describes it, with every rule checked.

use jiff::Timestamp;
use serde_json::Value;

/// Whether messages may be sent through a channel (published).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Status {
    Subscribed,
    /// Also the status of a contact that was sent without one.
    #[default]
    NonSubscribed,
    Unsubscribed,
}

impl Status {
    pub(crate) const ALL: [Self; 3] = [Self::Subscribed, Self::NonSubscribed, Self::Unsubscribed];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Subscribed => "subscribed",
            Self::NonSubscribed => "nonSubscribed",
            Self::Unsubscribed => "unsubscribed",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Channel {
    pub(crate) status: Status,
    /// `statusChangedAt` as it was sent.
    pub(crate) changed_at: Option<Timestamp>,
    /// The date that counts: `changed_at`, or when a status without a date was received.
    pub(crate) since: Option<Timestamp>,
}

/// An email address or a phone number.
#[derive(Debug, Clone)]
pub(crate) struct Identifier {
    pub(crate) id: String,
    /// `None` leaves the contact's consent as it is (published).
    pub(crate) channel: Option<Channel>,
    pub(crate) consent: Option<Value>,
    /// True by default (published).
    pub(crate) send_welcome: bool,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Draft {
    pub(crate) email: Option<Identifier>,
    pub(crate) phone: Option<Identifier>,
    pub(crate) fields: Vec<(&'static str, String)>,
    pub(crate) tags: Option<Vec<String>>,
    /// Custom properties; `""` and null remove one.
    pub(crate) properties: Vec<(String, Value)>,
}

impl Draft {
    pub(crate) fn field(&self, key: &str) -> Option<&str> {
        self.fields.iter().find(|(name, _)| *name == key).map(|(_, value)| value.as_str())
    }

    /// Whether a welcome message is sent if the contact is new.
    pub(crate) fn asks_for_welcome(&self) -> bool {
        [&self.email, &self.phone].into_iter().flatten().any(|identifier| identifier.send_welcome)
    }
}
