//! The expected result of a fixture, and how the actual result differs from it.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

/// The expected result of a fixture.
#[derive(Debug, PartialEq)]
pub(crate) enum Expected {
    /// These contacts, in the order of the file, and these invalid or duplicate rows, by line and code.
    Contacts { contacts: Vec<Value>, bad: Vec<Value> },
    /// An error with this message.
    Refused(String),
    /// A run that is stopped by this guard.
    Stopped(String),
}

impl Expected {
    /// Parses an entry of `fixtures.json`.
    pub(crate) fn read(entry: &Value, people: &Value) -> Self {
        if let Some(message) = entry["refused"].as_str() {
            return Self::Refused(message.to_owned());
        }
        if let Some(guard) = entry["stopped"].as_str() {
            return Self::Stopped(guard.to_owned());
        }
        let keys = match &entry["people"] {
            Value::String(set) => &people["sets"][set],
            keys => keys,
        };
        let contact = |key: &Value| {
            let key = key.as_str().unwrap();
            let mut contact = people["contacts"][key].clone();
            assert!(contact.is_object(), "there is no contact {key}");
            merge(&mut contact, &entry["differs"][key]);
            plain(contact)
        };
        let bad = entry["bad"].as_array().cloned().unwrap_or_default();
        Self::Contacts { contacts: keys.as_array().unwrap().iter().map(contact).collect(), bad }
    }

    /// Returns how the actual result differs from this.
    pub(crate) fn difference(&self, actual: &Self) -> Option<String> {
        if self == actual {
            return None;
        }
        let (Self::Contacts { contacts, bad }, Self::Contacts { contacts: actual_contacts, bad: actual_bad }) =
            (self, actual)
        else {
            return Some(format!("\n  expected {}\n  actual   {}", short(self), short(actual)));
        };
        let mut lines = Vec::new();
        if bad != actual_bad {
            lines.push(format!(
                "rows: expected {}, actual {}",
                Value::from(bad.clone()),
                Value::from(actual_bad.clone())
            ));
        }
        if contacts.len() != actual_contacts.len() {
            lines.push(format!("contacts: expected {}, actual {}", contacts.len(), actual_contacts.len()));
        }
        for (contact, actual) in contacts.iter().zip(actual_contacts) {
            differences("", contact, actual, &mut lines);
        }
        Some("\n  ".to_owned() + &lines.join("\n  "))
    }
}

fn short(expected: &Expected) -> String {
    match expected {
        Expected::Contacts { contacts, bad } => {
            format!("{} contacts, {} bad rows", contacts.len(), bad.len())
        }
        Expected::Refused(message) => format!("refused: {message}"),
        Expected::Stopped(guard) => format!("stopped: {guard}"),
    }
}

fn differences(at: &str, expected: &Value, actual: &Value, lines: &mut Vec<String>) {
    if let (Value::Object(expected), Value::Object(actual)) = (expected, actual) {
        let names: std::collections::BTreeSet<&String> = expected.keys().chain(actual.keys()).collect();
        for name in names {
            let of = |map: &Map<String, Value>| map.get(name).cloned().unwrap_or_default();
            differences(&format!("{at}.{name}"), &of(expected), &of(actual), lines);
        }
    } else if expected != actual {
        lines.push(format!("{at}: expected {expected}, actual {actual}"));
    }
}

/// Applies a merge patch (RFC 7396).
fn merge(value: &mut Value, patch: &Value) {
    let (Value::Object(value), Value::Object(patch)) = (value, patch) else { return };
    for (name, patch) in patch {
        match (value.get_mut(name), patch) {
            (_, Value::Null) => drop(value.remove(name)),
            (Some(inner @ Value::Object(_)), Value::Object(_)) => merge(inner, patch),
            _ => drop(value.insert(name.clone(), patch.clone())),
        }
    }
}

/// Returns a contact in a form that can be compared: `12.0` as `12`, and without empty objects.
pub(crate) fn plain(value: Value) -> Value {
    match value {
        Value::Number(number) => match number.as_f64() {
            #[expect(clippy::cast_possible_truncation, reason = "a float is exact up to here")]
            Some(float) if number.is_f64() && float.fract() == 0.0 && float.abs() < 9.0e15 => {
                json!(float as i64)
            }
            Some(float) if number.is_f64() && float.fract() == 0.0 && float.abs() < 1.8e19 => {
                json!(format!("{float:.0}").parse::<i64>().unwrap())
            }
            _ => Value::Number(number),
        },
        Value::Array(values) => values.into_iter().map(plain).collect(),
        Value::Object(map) => {
            let map = map.into_iter().map(|(name, value)| (name, plain(value)));
            Value::Object(map.filter(|(_, value)| *value != json!({})).collect())
        }
        other => other,
    }
}

/// Returns contacts in the form in which the sandbox shows them, sorted by address.
pub(crate) fn arrived(contacts: &[Value]) -> Vec<Value> {
    let arrived = contacts.iter().map(|contact| {
        let mut holds = contact.as_object().unwrap().clone();
        let identifiers = holds.remove("identifiers").unwrap();
        let id = |kind: &str| {
            let found = identifiers.as_array().unwrap().iter().find(|of| of["type"] == kind);
            found.map(|of| of["id"].as_str().unwrap().to_owned())
        };
        let email = id("email").unwrap();
        if let Some(phone) = id("phone") {
            holds.insert("phone".to_owned(), phone.into());
            holds.insert("smsStatus".to_owned(), "nonSubscribed".into());
        }
        holds.insert("email".to_owned(), email.clone().into());
        holds.insert("status".to_owned(), "nonSubscribed".into());
        holds.insert("welcomed".to_owned(), false.into());
        (email, Value::Object(holds))
    });
    arrived.collect::<BTreeMap<_, _>>().into_values().collect()
}
