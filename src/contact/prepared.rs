//! A contact as Omnisend is sent it.

use std::borrow::Cow;

use serde::{
    Serialize, Serializer,
    ser::{SerializeMap, SerializeSeq},
};
use xxhash_rust::xxh3::xxh3_128;

use super::{Field, Tag};

/// What tells contacts apart within a run: a 128-bit hash of the normalised address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct EmailKey(pub u128);

/// A value of a field or a custom property. Empty cells have none: they are left out, never sent as `""`.
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
    List(Vec<&'a str>),
}

/// A contact, ready to be sent: what `POST /contacts` takes, and an item of `POST /batches`.
///
/// It has no `channels`: consent is never invented, and a contact without them keeps what it has.
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
    /// The export's tags.
    pub tags: &'a [Tag],
    /// Whether Omnisend may send its welcome message to a contact that is new to it. The API's own default is
    /// true, so it is always written.
    pub send_welcome_message: bool,
}

impl Prepared<'_> {
    /// What tells this contact from the others of its run.
    pub fn key(&self) -> EmailKey {
        EmailKey(xxh3_128(self.email.as_bytes()))
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

#[derive(Serialize)]
struct Identifier<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    id: &'a str,
    #[serde(rename = "sendWelcomeMessage")]
    send_welcome_message: bool,
}

struct Identifiers<'a>(&'a Prepared<'a>);

impl Serialize for Identifiers<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let send_welcome_message = self.0.send_welcome_message;
        let mut list = serializer.serialize_seq(None)?;
        list.serialize_element(&Identifier { kind: "email", id: &self.0.email, send_welcome_message })?;
        if let Some(phone) = &self.0.phone {
            list.serialize_element(&Identifier { kind: "phone", id: phone, send_welcome_message })?;
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
        if !self.tags.is_empty() {
            map.serialize_entry("tags", self.tags)?;
        }
        map.end()
    }
}
