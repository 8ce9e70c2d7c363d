//! The hash of a contact, which tells whether it differs from what was last sent.

use std::io::Write as _;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use xxhash_rust::xxh3::xxh3_128;

use super::{field::Field, prepared::PreparedContact, value::Value};

/// A 128-bit hash of a contact's fields and custom properties. Tags and consent are compared separately.
///
/// It is stored in snapshots: if it were computed differently, every contact would be sent again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct ContactHash(pub u128);

impl ContactHash {
    /// Marks a contact that is not known to have arrived. It differs from every contact's hash, so the contact is sent
    /// again.
    pub const NONE: Self = Self(0);
}

impl PreparedContact<'_> {
    /// Hashes the contact. `scratch` is a buffer that is reused for each contact.
    pub fn hash(&self, scratch: &mut Vec<u8>) -> ContactHash {
        scratch.clear();
        text(scratch, &self.email);
        if let Some(phone) = &self.phone {
            scratch.push(Field::Phone as u8);
            text(scratch, phone);
        }
        for (field, value) in &self.fields {
            scratch.push(*field as u8);
            write_value(scratch, value);
        }
        for (name, value) in &self.properties {
            scratch.push(PROPERTY);
            text(scratch, name);
            write_value(scratch, value);
        }
        ContactHash(xxh3_128(scratch).max(1))
    }
}

/// Precedes the name of a custom property. No field has this code.
const PROPERTY: u8 = 0;

fn write_value(scratch: &mut Vec<u8>, value: &Value<'_>) {
    match value {
        Value::Text(value) => {
            scratch.push(b't');
            text(scratch, value);
        }
        Value::Number(number) => {
            scratch.push(b'n');
            // Writing to memory cannot fail. A space marks the end.
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

/// Writes a text after its length, so that different sequences of texts never have the same bytes.
fn text(scratch: &mut Vec<u8>, text: &str) {
    length(scratch, text.len());
    scratch.extend_from_slice(text.as_bytes());
}

/// Cells are much shorter than 4 GiB.
fn length(scratch: &mut Vec<u8>, length: usize) {
    scratch.extend_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes());
}

impl ContactHash {
    /// Returns the hash as 32 hexadecimal digits.
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
        u128::from_str_radix(&hex, 16).map(Self).map_err(|_| D::Error::custom("not a hexadecimal hash"))
    }
}

#[cfg(test)]
mod tests {
    use std::{borrow::Cow, collections::HashSet};

    use super::*;

    fn contact(email: &'static str, phone: Option<&'static str>) -> PreparedContact<'static> {
        PreparedContact { phone: phone.map(Cow::Borrowed), ..PreparedContact::of(email) }
    }

    #[test]
    fn every_field_and_property_changes_the_hash() {
        let text = |text: &'static str| Value::Text(text.into());
        let plain = contact("a@b.co", None);
        let with = |fields, properties| PreparedContact { fields, properties, ..plain.clone() };
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
    fn the_hash_never_changes() {
        let hash = contact("ada@example.com", Some("+442079460958")).hash(&mut Vec::new());
        // If this literal changed, every contact of every snapshot would be sent again.
        assert_eq!(format!("{:032x}", hash.0), "1041db4feaa0837a7a8f02cd71290d73");
        let text = serde_json::to_string(&hash).unwrap();
        assert_eq!(serde_json::from_str::<ContactHash>(&text).unwrap(), hash);
        assert_eq!(serde_json::to_string(&ContactHash(10)).unwrap(), format!("\"{:0>32}\"", "a"));
    }
}
