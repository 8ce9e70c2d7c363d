//! A contact as it is sent to Omnisend.

use std::borrow::Cow;

use xxhash_rust::xxh3::xxh3_128;

use super::{
    consent::{Channel, Channels, Consent, ConsentStatus, Statement, latest_opt_out},
    field::Field,
    value::Value,
};

/// Identifies a contact within a run: a 128-bit hash of its normalised address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct EmailKey(pub u128);

impl EmailKey {
    /// Hashes a normalised address.
    pub fn of(address: &str) -> Self {
        Self(xxh3_128(address.as_bytes()))
    }
}

/// A contact that is ready to be sent: what `POST /contacts` takes, and an item of `POST /batches`.
///
/// Its tags are added when it is sent. It has `channels` only if its row states consent: without them, the contact
/// keeps the consent that it has in Omnisend.
#[derive(Debug, Clone, PartialEq)]
pub struct PreparedContact<'a> {
    /// The normalised address.
    pub email: Cow<'a, str>,
    /// The phone number, in E.164.
    pub phone: Option<Cow<'a, str>>,
    /// The other fields that have a value.
    pub fields: Vec<(Field, Value<'a>)>,
    /// The custom properties that have a value, by name.
    pub properties: Vec<(&'a str, Value<'a>)>,
    /// Whether Omnisend may send its welcome message if the contact is new. Always written, since the API's default is
    /// true.
    pub send_welcome_message: bool,
    pub consent: Channels<Consent<'a>>,
}

impl<'a> PreparedContact<'a> {
    /// Returns a contact with only its address.
    pub fn of(email: impl Into<Cow<'a, str>>) -> Self {
        Self {
            email: email.into(),
            phone: None,
            fields: Vec::new(),
            properties: Vec::new(),
            send_welcome_message: false,
            consent: Channels::default(),
        }
    }

    pub fn key(&self) -> EmailKey {
        EmailKey::of(&self.email)
    }

    /// Returns the contact with only its opt-outs, or `None` if it has none.
    pub fn only_opt_outs(&self) -> Option<PreparedContact<'_>> {
        let opt_out = |channel| self.statement(channel).filter(Statement::is_opt_out);
        let (email, sms) = (opt_out(Channel::Email), opt_out(Channel::Sms));
        email.or(sms)?;
        let consent = |opt_out: Option<Statement>| Consent {
            status: opt_out.map_or(ConsentStatus::Unstated, ConsentStatus::Stated),
            proof: None,
        };
        Some(PreparedContact {
            phone: sms.and(self.phone.as_deref()).map(Cow::Borrowed),
            send_welcome_message: self.send_welcome_message,
            consent: Channels { email: consent(email), sms: consent(sms) },
            ..PreparedContact::of(&*self.email)
        })
    }

    /// Removes the consent of each channel if its known opt-out is not older than the contact's status.
    pub fn remove_known_opt_outs(&mut self, known: &Channels<Option<Statement>>) {
        for channel in Channel::ALL {
            let known = known.of(channel).filter(Statement::is_opt_out);
            if known.is_some() && latest_opt_out(known, self.statement(channel)) == known {
                *self.consent.of_mut(channel) = Consent::default();
            }
        }
    }

    /// Returns the channel's status to send, if the contact has an identifier for the channel.
    pub fn statement(&self, channel: Channel) -> Option<Statement> {
        let has_identifier = channel == Channel::Email || self.phone.is_some();
        self.consent.of(channel).status.statement().filter(|_| has_identifier)
    }
}
