//! A contact as Omnisend is sent it.

use std::{borrow::Cow, collections::BTreeMap};

use serde::{
    Deserialize, Serialize, Serializer,
    ser::{SerializeMap, SerializeSeq},
};
use xxhash_rust::xxh3::xxh3_128;

use super::{Channel, Channels, Consent, Field, Proof, Said, Statement, Status, latest_opt_out};

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
/// Its tags are written into it when it is sent (`run::InlineTags`). It has `channels` only where its row says so: consent is never invented, and a contact without them keeps what it
/// has.
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

impl Field {
    /// The field's key in a contact of the API. E-mail and phone are identifiers, not fields, there.
    fn wire_key(self) -> &'static str {
        match self {
            Self::FirstName => "firstName",
            Self::LastName => "lastName",
            Self::PostalCode => "postalCode",
            Self::CountryCode => "countryCode",
            Self::CreatedAt => "createdAt",
            other => other.key(),
        }
    }
}

/// A way to reach a contact, as the API takes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identifier<'a> {
    /// `email` or `phone`.
    #[serde(rename = "type")]
    pub kind: Cow<'a, str>,
    /// The address or the number.
    pub id: Cow<'a, str>,
    /// The status of its channel; left out, Omnisend's stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channels: Option<BTreeMap<Channel, Statement>>,
    /// How a subscription was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consent: Option<Proof<'a>>,
    /// Whether Omnisend may send its welcome message.
    #[serde(rename = "sendWelcomeMessage")]
    pub send_welcome_message: bool,
}

impl<'a> Identifier<'a> {
    fn of(contact: &'a Prepared<'_>, channel: Channel, id: &'a str) -> Self {
        let consent = contact.consent.of(channel);
        let mut identifier = Self {
            kind: match channel {
                Channel::Email => Cow::Borrowed("email"),
                Channel::Sms => Cow::Borrowed("phone"),
            },
            id: Cow::Borrowed(id),
            channels: None,
            consent: consent.proof.clone(),
            send_welcome_message: contact.send_welcome_message,
        };
        if let Some(statement) = consent.said.statement() {
            identifier.set(statement);
        }
        identifier
    }

    /// The channel that it is the way to.
    pub fn channel(&self) -> Channel {
        if self.kind == "phone" { Channel::Sms } else { Channel::Email }
    }

    /// The status that it has.
    pub fn statement(&self) -> Option<Statement> {
        self.channels.as_ref().and_then(|channels| channels.get(&self.channel()).copied())
    }

    /// Gives it a status.
    pub fn set(&mut self, statement: Statement) {
        self.channels = Some([(self.channel(), statement)].into());
    }
}

struct Identifiers<'a>(&'a Prepared<'a>);

impl Serialize for Identifiers<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(None)?;
        list.serialize_element(&Identifier::of(self.0, Channel::Email, &self.0.email))?;
        if let Some(phone) = &self.0.phone {
            list.serialize_element(&Identifier::of(self.0, Channel::Sms, phone))?;
        }
        list.end()
    }
}

struct Properties<'a>(&'a [(&'a str, Value<'a>)]);

impl Serialize for Properties<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

impl Serialize for Prepared<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("identifiers", &Identifiers(self))?;
        for (field, value) in &self.fields {
            map.serialize_entry(field.wire_key(), value)?;
        }
        if !self.properties.is_empty() {
            map.serialize_entry("customProperties", &Properties(&self.properties))?;
        }
        map.end()
    }
}
