//! A hash of what a contact says: whether it is what was sent before.

use std::io::Write as _;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use xxhash_rust::xxh3::xxh3_128;

use super::{Field, Prepared, Value};

/// A 128-bit hash of a contact's fields and custom properties; its tags and its consent are told apart on their own.
///
/// It is part of the stored state: another way to make it sends every contact again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct ContactHash(pub u128);

impl ContactHash {
    /// That of a contact whose last sending is not known to have arrived. No contact has it: what is known so is sent.
    pub const NONE: Self = Self(0);
}

impl Prepared<'_> {
    /// The hash of what the contact says. `scratch` is memory to use again.
    pub fn hash(&self, scratch: &mut Vec<u8>) -> ContactHash {
        scratch.clear();
        text(scratch, &self.email);
        if let Some(phone) = &self.phone {
            scratch.push(code(Field::Phone));
            text(scratch, phone);
        }
        for (field, value) in &self.fields {
            scratch.push(code(*field));
            valued(scratch, value);
        }
        for (name, value) in &self.properties {
            scratch.push(PROPERTY);
            text(scratch, name);
            valued(scratch, value);
        }
        ContactHash(xxh3_128(scratch).max(1))
    }
}

/// What stands before a custom property's name.
const PROPERTY: u8 = 0;

/// A field in one byte. Never another: see [`ContactHash`].
fn code(field: Field) -> u8 {
    match field {
        Field::Email => 1,
        Field::Phone => 2,
        Field::FirstName => 3,
        Field::LastName => 4,
        Field::Address => 5,
        Field::City => 6,
        Field::State => 7,
        Field::PostalCode => 8,
        Field::Country => 9,
        Field::CountryCode => 10,
        Field::Birthdate => 11,
        Field::Gender => 12,
        Field::CreatedAt => 13,
    }
}

fn valued(scratch: &mut Vec<u8>, value: &Value<'_>) {
    match value {
        Value::Text(value) => {
            scratch.push(b't');
            text(scratch, value);
        }
        Value::Number(number) => {
            scratch.push(b'n');
            // Into memory: nothing to fail. A space ends it.
            let _ = write!(scratch, "{number} ");
        }
        Value::Boolean(is) => scratch.extend_from_slice(&[b'b', u8::from(*is)]),
        Value::List(list) => {
            scratch.push(b'l');
            length(scratch, list.len());
            for item in list {
                text(scratch, item);
            }
        }
    }
}

/// A text after its length, so that no two sequences of texts are the same bytes.
fn text(scratch: &mut Vec<u8>, text: &str) {
    length(scratch, text.len());
    scratch.extend_from_slice(text.as_bytes());
}

/// A cell is far from 4 GiB long.
fn length(scratch: &mut Vec<u8>, length: usize) {
    scratch.extend_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes());
}

impl ContactHash {
    /// In hexadecimal.
    pub(crate) fn hex(self) -> [u8; 32] {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut hex = [0; 32];
        for (pair, byte) in hex.chunks_exact_mut(2).zip(self.0.to_be_bytes()) {
            for (digit, nibble) in pair.iter_mut().zip([byte >> 4, byte & 15]) {
                *digit = DIGITS.get(usize::from(nibble)).copied().unwrap_or_default();
            }
        }
        hex
    }
}

impl Serialize for ContactHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(std::str::from_utf8(&self.hex()).unwrap_or_default())
    }
}

impl<'de> Deserialize<'de> for ContactHash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let hex = <std::borrow::Cow<'_, str>>::deserialize(deserializer)?;
        u128::from_str_radix(&hex, 16).map(Self).map_err(|_| D::Error::custom("not a hash in hexadecimal"))
    }
}

#[cfg(test)]
mod tests {
    use std::{borrow::Cow, collections::HashSet};

    use super::*;
    use crate::contact::Channels;

    fn contact<'a>(email: &'a str, phone: Option<&'a str>) -> Prepared<'a> {
        Prepared {
            email: email.into(),
            phone: phone.map(Cow::Borrowed),
            fields: Vec::new(),
            properties: Vec::new(),
            send_welcome_message: false,
            consent: Channels::default(),
        }
    }

    #[test]
    fn whatever_a_contact_says_is_in_its_hash() {
        let text = |text: &'static str| Value::Text(text.into());
        let plain = contact("a@b.co", None);
        let with = |fields, properties| Prepared { fields, properties, ..plain.clone() };
        let mut contacts = vec![plain.clone(), contact("a@b.cop", None), contact("a@b.co", Some("+1"))];
        contacts.push(with(vec![(Field::FirstName, text("Ada"))], vec![]));
        contacts.push(with(vec![(Field::LastName, text("Ada"))], vec![]));
        contacts.push(with(vec![], vec![("first_name", text("Ada"))]));
        contacts.push(with(vec![], vec![("a", text("1"))]));
        contacts.push(with(vec![], vec![("a", Value::Number(1.into()))]));
        contacts.push(with(vec![], vec![("a", Value::Boolean(true))]));
        contacts.push(with(vec![], vec![("a", Value::List(vec!["1".into()]))]));
        contacts.push(with(vec![], vec![("a", Value::List(vec!["1".into(), "2".into()]))]));
        contacts.push(with(vec![], vec![("a", Value::List(vec!["12".into()]))]));
        contacts.push(with(vec![], vec![("a", Value::List(vec!["1".into()])), ("b", text(""))]));
        let mut scratch = Vec::new();
        let hashes: HashSet<_> = contacts.iter().map(|contact| contact.hash(&mut scratch)).collect();
        assert_eq!(hashes.len(), contacts.len());
    }

    #[test]
    fn a_hash_is_stored_state() {
        let hash = contact("ada@example.com", Some("+442079460958")).hash(&mut Vec::new());
        // The literal must not change: every contact of every snapshot would be sent again.
        assert_eq!(format!("{:032x}", hash.0), "1041db4feaa0837a7a8f02cd71290d73");
        let text = serde_json::to_string(&hash).unwrap();
        assert_eq!(serde_json::from_str::<ContactHash>(&text).unwrap(), hash);
        assert_eq!(serde_json::to_string(&ContactHash(10)).unwrap(), format!("\"{:0>32}\"", "a"));
    }
}
