//! A contact as Omnisend is sent it.

use std::borrow::Cow;

use serde::Serialize;
use xxhash_rust::xxh3::xxh3_128;

use super::{Channel, Channels, Consent, Field, Said, Statement, Status, latest_opt_out};

/// What tells contacts apart within a run: a 128-bit hash of the normalised address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct EmailKey(pub u128);

/// A value of a field or a custom property. Empty cells have none and are left out, unless the export says that they
/// clear the field.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Value<'a> {
    /// Text.
    Text(Cow<'a, str>),
    /// A number, as exact as the cell wrote it.
    Number(serde_json::Number),
    /// True or false.
    Boolean(bool),
    /// Texts.
    List(Vec<Cow<'a, str>>),
}

impl Value<'_> {
    /// The value on its own.
    pub(super) fn into_owned(self) -> Value<'static> {
        match self {
            Self::Text(text) => Value::Text(Cow::Owned(text.into_owned())),
            Self::Number(number) => Value::Number(number),
            Self::Boolean(is) => Value::Boolean(is),
            Self::List(list) => {
                Value::List(list.into_iter().map(|text| Cow::Owned(text.into_owned())).collect())
            }
        }
    }
}

/// A contact, ready to be sent: what `POST /contacts` takes, and an item of `POST /batches`.
///
/// Its tags are written into it when it is sent (`run::InlineTags`). It has `channels` only where its row says so: consent
/// is never invented, and a contact without them keeps what it has.
#[derive(Debug, Clone, PartialEq)]
pub struct Prepared<'a> {
    /// The normalised address.
    pub email: Cow<'a, str>,
    /// The phone number, in E.164.
    pub phone: Option<Cow<'a, str>>,
    /// Other fields that have a value.
    pub fields: Vec<(Field, Value<'a>)>,
    /// Custom properties that have a value.
    pub properties: Vec<(&'a str, Value<'a>)>,
    /// Whether Omnisend may send its welcome message to a contact that is new to it. The API's own default is
    /// true, so it is always written.
    pub send_welcome_message: bool,
    /// What the contact consented to.
    pub consent: Channels<Consent<'a>>,
}

impl Prepared<'_> {
    /// What tells this contact from the others of its run.
    pub fn key(&self) -> EmailKey {
        EmailKey::of(&self.email)
    }

    /// The same contact, with nothing but its opt-outs; `None` where it has none.
    pub fn opt_outs_alone(&self) -> Option<Prepared<'_>> {
        let opt_out = |channel| {
            let said = self.statement(channel).filter(|statement| statement.status == Status::Unsubscribed);
            Consent { said: said.map_or(Said::Nothing, Said::Status), proof: None }
        };
        let consent = Channels { email: opt_out(Channel::Email), sms: opt_out(Channel::Sms) };
        let phone = (consent.sms.said != Said::Nothing).then_some(self.phone.as_deref()).flatten();
        let any = Channel::ALL.into_iter().any(|channel| consent.of(channel).said != Said::Nothing);
        any.then(|| Prepared {
            email: Cow::Borrowed(&self.email),
            phone: phone.map(Cow::Borrowed),
            fields: Vec::new(),
            properties: Vec::new(),
            send_welcome_message: self.send_welcome_message,
            consent,
        })
    }

    /// Leaves out the consent that is no stricter and no newer than what was sent before.
    pub fn leave_out_what_is(&mut self, known: &Channels<Option<Statement>>) {
        for channel in Channel::ALL {
            let (before, now) = (*known.of(channel), self.statement(channel));
            let opted_out = before.filter(|before| before.status == Status::Unsubscribed);
            if opted_out.is_some() && latest_opt_out(opted_out, now) == opted_out {
                *self.consent.of_mut(channel) = Consent::default();
            }
        }
    }

    /// What is sent of a channel's consent: of one that the contact has an identifier of.
    pub fn statement(&self, channel: Channel) -> Option<Statement> {
        let is_there = channel == Channel::Email || self.phone.is_some();
        self.consent.of(channel).said.statement().filter(|_| is_there)
    }
}

impl EmailKey {
    /// That of a normalised address.
    pub fn of(address: &str) -> Self {
        Self(xxh3_128(address.as_bytes()))
    }
}
