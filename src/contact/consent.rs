//! Consent: what a row says of it, and when that may be sent. Nothing here invents any.

mod date;
mod mapping;
mod ratchet;
mod reader;

pub(super) use self::reader::{ConsentReader, ConsentWarnings};
pub use self::{
    date::{DateFormat, InvalidFormat},
    mapping::{ChannelConsent, ConsentMapping},
    ratchet::{Statement, Status, decide, latest_opt_out},
};

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// A way to reach a contact, with a consent of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// E-mail, with the contact's address.
    Email,
    /// Text messages, with the contact's phone.
    Sms,
}

impl Channel {
    /// Both, in the order in which a contact is written.
    pub const ALL: [Self; 2] = [Self::Email, Self::Sms];

    /// The channel's key, in an export's `[consent]` and in the API.
    pub fn key(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Sms => "sms",
        }
    }
}

/// One of something for each channel.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Channels<T> {
    /// For e-mail.
    pub email: T,
    /// For text messages.
    pub sms: T,
}

impl<T> Channels<T> {
    /// That of a channel.
    pub fn of(&self, channel: Channel) -> &T {
        match channel {
            Channel::Email => &self.email,
            Channel::Sms => &self.sms,
        }
    }

    /// That of a channel, to change it.
    pub fn of_mut(&mut self, channel: Channel) -> &mut T {
        match channel {
            Channel::Email => &mut self.email,
            Channel::Sms => &mut self.sms,
        }
    }
}

/// What a row says of a channel.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Said {
    /// Nothing, or nothing that anybody understands: Omnisend's status stays as it is.
    #[default]
    Nothing,
    /// A status that only a date could make good, and there is no valid one: it is not sent.
    Undated,
    /// A status that the export does not allow to be sent.
    HeldBack,
    /// A status that may be sent.
    Status(Statement),
}

impl Said {
    /// The status to send.
    pub fn statement(self) -> Option<Statement> {
        match self {
            Self::Status(statement) => Some(statement),
            Self::Nothing | Self::Undated | Self::HeldBack => None,
        }
    }

    /// The status, where it is an opt-out.
    pub fn opt_out(self) -> Option<Statement> {
        self.statement().filter(|statement| statement.status == Status::Unsubscribed)
    }
}

/// A row's consent to a channel, and how it was given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Consent<'a> {
    /// What the row says.
    pub said: Said,
    /// How it was given. Goes with a subscription only: it would overwrite the proof of one that Omnisend has.
    pub proof: Option<Proof<'a>>,
}

/// How consent was given, as the API takes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Proof<'a> {
    /// Where people gave it.
    pub source: Cow<'a, str>,
    /// When.
    pub created_at: jiff::Timestamp,
    /// From which address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip: Option<Cow<'a, str>>,
    /// With which program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<Cow<'a, str>>,
}
