//! A contact's JSON, as the API takes it.
//!
//! Every contact of a run is written once, and with a serializer that was a fifth of what a plan takes. So texts are looked
//! at eight bytes at a time for what JSON escapes, and what all contacts have in common is not looked at.

use std::{borrow::Cow, collections::BTreeMap};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{Channel, Consent, Field, Prepared, Proof, Statement, Value};

impl Field {
    /// The field's key in a contact of the API; of an identifier, its type. Every field is listed, so that a new one
    /// does not compile without its key.
    fn wire_key(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Phone => "phone",
            Self::FirstName => "firstName",
            Self::LastName => "lastName",
            Self::Address => "address",
            Self::City => "city",
            Self::State => "state",
            Self::PostalCode => "postalCode",
            Self::Country => "country",
            Self::CountryCode => "countryCode",
            Self::Birthdate => "birthdate",
            Self::Gender => "gender",
            Self::CreatedAt => "createdAt",
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

impl Prepared<'_> {
    /// Writes the contact behind what is there already: what `POST /contacts` takes.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"identifiers\":[");
        self.write_identifier(Channel::Email, &self.email, out);
        if let Some(phone) = &self.phone {
            out.push(b',');
            self.write_identifier(Channel::Sms, phone, out);
        }
        out.push(b']');
        for (field, value) in &self.fields {
            out.push(b',');
            text(field.wire_key(), out);
            out.push(b':');
            value.write(out);
        }
        let mut begin: &[u8] = b",\"customProperties\":{";
        for (property, value) in &self.properties {
            out.extend_from_slice(begin);
            begin = b",";
            text(property, out);
            out.push(b':');
            value.write(out);
        }
        out.extend_from_slice(if self.properties.is_empty() { b"}" } else { b"}}" });
    }

    /// The contact's JSON on its own.
    pub fn to_json(&self) -> Box<RawValue> {
        let mut json = Vec::new();
        self.write(&mut json);
        String::from_utf8(json).ok().and_then(|json| RawValue::from_string(json).ok()).unwrap_or_default()
    }

    fn write_identifier(&self, channel: Channel, id: &str, out: &mut Vec<u8>) {
        if *self.consent.of(channel) != Consent::default() {
            return write(&Identifier::of(self, channel, id), out);
        }
        out.extend_from_slice(match channel {
            Channel::Email => b"{\"type\":\"email\",\"id\":",
            Channel::Sms => b"{\"type\":\"phone\",\"id\":",
        });
        text(id, out);
        out.extend_from_slice(if self.send_welcome_message {
            b",\"sendWelcomeMessage\":true}".as_slice()
        } else {
            b",\"sendWelcomeMessage\":false}"
        });
    }
}

impl Value<'_> {
    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Text(value) => text(value, out),
            other => write(other, out),
        }
    }
}

fn text(text: &str, out: &mut Vec<u8>) {
    if is_escaped(text.as_bytes()) {
        return write(text, out);
    }
    out.push(b'"');
    out.extend_from_slice(text.as_bytes());
    out.push(b'"');
}

/// Whether there is anything in a text that JSON escapes: a quote, a backslash or a control character.
#[inline]
fn is_escaped(text: &[u8]) -> bool {
    /// Whether any of eight bytes is: one operation for all of them, by borrows into their highest bits.
    fn any(eight: [u8; 8]) -> bool {
        const ONES: u64 = u64::from_ne_bytes([1; 8]);
        let eight = u64::from_ne_bytes(eight);
        let below = |bytes: u64, bound: u8| bytes.wrapping_sub(ONES * u64::from(bound)) & !bytes;
        let is = |byte: u8| below(eight ^ (ONES * u64::from(byte)), 1);
        (below(eight, b' ') | is(b'"') | is(b'\\')) & (ONES << 7) != 0
    }
    match text.last_chunk() {
        // The last eight may be looked at twice.
        Some(last) => any(*last) || text.as_chunks().0.iter().any(|eight| any(*eight)),
        None => text.iter().any(|byte| *byte < b' ' || matches!(byte, b'"' | b'\\')),
    }
}

/// Whatever needs no haste. Into memory, and of values that are texts, numbers and lists: there is nothing to fail.
fn write<T: Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) {
    let _ = serde_json::to_writer(out, value);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::contact::{Channels, Said, Status};

    fn json(value: &Value<'_>) -> Json {
        serde_json::to_value(value).unwrap()
    }

    fn value() -> impl Strategy<Value = Value<'static>> {
        prop_oneof![
            "\\PC{0,40}".prop_map(|text| Value::Text(text.into())),
            "[\"\\\\\u{0}-\u{20}a-c]{0,20}".prop_map(|text| Value::Text(text.into())),
            any::<i64>().prop_map(|number| Value::Number(number.into())),
            any::<bool>().prop_map(Value::Boolean),
            prop::collection::vec("\\PC{0,9}", 0..3)
                .prop_map(|items| Value::List(items.into_iter().map(Cow::Owned).collect())),
        ]
    }

    #[test]
    fn whatever_json_escapes_is_seen_wherever_it_stands() {
        for length in 1..20 {
            for place in 0..length {
                for byte in 0..=u8::MAX {
                    let mut text = vec![b'a'; length];
                    text[place] = byte;
                    let expected = byte < 32 || byte == b'"' || byte == b'\\';
                    assert_eq!(is_escaped(&text), expected, "{byte} at {place} of {length}");
                }
            }
        }
        assert!(!is_escaped(b""));
    }

    proptest! {
        #[test]
        fn a_contact_is_the_json_that_it_says(
            email in "\\PC{0,20}",
            phone in prop::option::of("[+0-9\"]{0,9}"),
            first_name in prop::option::of(value()),
            properties in prop::collection::btree_map("[A-Za-z0-9_]{1,9}", value(), 0..3),
            send_welcome_message: bool,
            unsubscribed: bool,
        ) {
            let mut consent = Channels::<Consent<'_>>::default();
            if unsubscribed {
                let statement = Statement { status: Status::Unsubscribed, at: "2026-01-02T03:04:05Z".parse().ok() };
                consent.email.said = Said::Status(statement);
            }
            let contact = Prepared {
                email: Cow::Borrowed(&email),
                phone: phone.as_deref().map(Cow::Borrowed),
                fields: first_name.iter().map(|value| (Field::FirstName, value.clone())).collect(),
                properties: properties.iter().map(|(name, value)| (name.as_str(), value.clone())).collect(),
                send_welcome_message,
                consent,
            };
            let mut identifiers = vec![json!({ "type": "email", "id": email, "sendWelcomeMessage": send_welcome_message })];
            if unsubscribed {
                identifiers[0]["channels"] =
                    json!({ "email": { "status": "unsubscribed", "statusChangedAt": "2026-01-02T03:04:05Z" } });
            }
            identifiers.extend(
                phone.iter().map(|id| json!({ "type": "phone", "id": id, "sendWelcomeMessage": send_welcome_message })),
            );
            let mut expected = json!({ "identifiers": identifiers });
            if let Some(value) = &first_name {
                expected["firstName"] = json(value);
            }
            for (name, value) in &properties {
                expected["customProperties"][name] = json(value);
            }
            let mut written = b"before".to_vec();
            contact.write(&mut written);
            let written = written.strip_prefix(b"before").unwrap();
            prop_assert_eq!(serde_json::from_slice::<Json>(written).unwrap(), expected);
            let alone = contact.to_json();
            prop_assert_eq!(alone.get().as_bytes(), written);
        }
    }
}
