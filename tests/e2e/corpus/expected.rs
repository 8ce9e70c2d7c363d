//! What is expected of a fixture, and how what came of it differs.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

/// What is expected.
#[derive(Debug, PartialEq)]
pub(crate) enum Expected {
    /// These contacts, in the file's order; and rows that become none, by line and code.
    People { contacts: Vec<Value>, bad: Vec<Value> },
    /// The file is refused with this message.
    Refused(String),
    /// This guard stops the run.
    Stopped(String),
}

impl Expected {
    /// Reads an entry of `fixtures.json`.
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
            assert!(contact.is_object(), "nobody is called {key}");
            merge(&mut contact, &entry["differs"][key]);
            plain(contact)
        };
        let bad = entry["bad"].as_array().cloned().unwrap_or_default();
        Self::People { contacts: keys.as_array().unwrap().iter().map(contact).collect(), bad }
    }

    /// How what came of a fixture differs from this.
    pub(crate) fn differs(&self, came: &Self) -> Option<String> {
        if self == came {
            return None;
        }
        let (Self::People { contacts, bad }, Self::People { contacts: came, bad: came_bad }) = (self, came)
        else {
            return Some(format!("\n  expected {}\n  came     {}", short(self), short(came)));
        };
        let mut lines = Vec::new();
        if bad != came_bad {
            lines.push(format!(
                "rows {} came as {}",
                Value::from(bad.clone()),
                Value::from(came_bad.clone())
            ));
        }
        if contacts.len() != came.len() {
            lines.push(format!("{} contacts came as {}", contacts.len(), came.len()));
        }
        for (contact, came) in contacts.iter().zip(came) {
            differences("", contact, came, &mut lines);
        }
        Some("\n  ".to_owned() + &lines.join("\n  "))
    }
}

fn short(expected: &Expected) -> String {
    match expected {
        Expected::People { contacts, bad } => format!("{} contacts, {} bad rows", contacts.len(), bad.len()),
        Expected::Refused(message) => format!("refused: {message}"),
        Expected::Stopped(guard) => format!("stopped: {guard}"),
    }
}

fn differences(at: &str, expected: &Value, came: &Value, lines: &mut Vec<String>) {
    if let (Value::Object(expected), Value::Object(came)) = (expected, came) {
        let names: std::collections::BTreeSet<&String> = expected.keys().chain(came.keys()).collect();
        for name in names {
            let of = |map: &Map<String, Value>| map.get(name).cloned().unwrap_or_default();
            differences(&format!("{at}.{name}"), &of(expected), &of(came), lines);
        }
    } else if expected != came {
        lines.push(format!("{at}: {expected} came as {came}"));
    }
}

/// RFC 7396.
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

/// A contact with its numbers in one form, as JSON has but one kind of them: `12.0` is `12`. Nothing in place of an
/// object without anything in it.
pub(crate) fn plain(value: Value) -> Value {
    match value {
        Value::Number(number) => match number.as_f64() {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "within the whole numbers that a float holds"
            )]
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

/// Contacts as the sandbox holds them when they have arrived, by address.
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
