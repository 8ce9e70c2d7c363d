//! The channels of a contact, each with its own consent.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    Email,
    /// Text messages to the contact's phone.
    Sms,
}

impl Channel {
    /// Both channels, in the order in which a contact is written.
    pub const ALL: [Self; 2] = [Self::Email, Self::Sms];

    /// Returns the channel's key, in an export's `[consent]` and in the API.
    pub fn key(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Sms => "sms",
        }
    }
}

/// One value per channel.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Channels<T> {
    pub email: T,
    pub sms: T,
}

impl<T> Channels<T> {
    pub fn of(&self, channel: Channel) -> &T {
        match channel {
            Channel::Email => &self.email,
            Channel::Sms => &self.sms,
        }
    }

    pub fn of_mut(&mut self, channel: Channel) -> &mut T {
        match channel {
            Channel::Email => &mut self.email,
            Channel::Sms => &mut self.sms,
        }
    }
}
