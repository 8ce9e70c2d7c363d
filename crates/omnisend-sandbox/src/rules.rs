//! The rules of `POST /contacts`: a JSON value becomes a [`Draft`], or the list of everything wrong with it.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::fields;
use crate::findings::Findings;
use crate::problem::FieldError;

/// Fields that hold text of any kind (published).
const TEXTS: [&str; 7] = ["firstName", "lastName", "address", "city", "state", "postalCode", "country"];
/// The most tags in one request (published).
pub(crate) const MAX_TAGS: usize = 100;

/// Says what a text must be, where it is not.
type Check = fn(&str) -> Result<(), &'static str>;

/// Whether a channel may be written to (published).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Status {
    Subscribed,
    /// Also what a contact is that came without a status.
    #[default]
    NonSubscribed,
    Unsubscribed,
}

/// A channel's status, and since when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Channel {
    pub(crate) status: Status,
    pub(crate) changed_at: Option<Timestamp>,
}

/// An identifier as it was sent.
#[derive(Debug, Clone)]
pub(crate) struct Identifier {
    pub(crate) id: String,
    /// `None` leaves consent alone (published).
    pub(crate) channel: Option<Channel>,
    pub(crate) consent: Option<Value>,
    /// Defaults to true (published).
    pub(crate) send_welcome: bool,
}

/// A contact as it was sent, after every rule.
#[derive(Debug, Clone, Default)]
pub(crate) struct Draft {
    pub(crate) email: Option<Identifier>,
    pub(crate) phone: Option<Identifier>,
    pub(crate) fields: Vec<(&'static str, String)>,
    pub(crate) tags: Option<Vec<String>>,
    pub(crate) properties: Vec<(String, Value)>,
    pub(crate) created_at: Option<Timestamp>,
}

pub(crate) fn check_tag(text: &str) -> Result<(), &'static str> {
    let message = "must be 1 to 128 letters, digits, spaces, `_`, `-` or `:`";
    if fields::is_tag(text) { Ok(()) } else { Err(message) }
}

pub(crate) fn check_email(text: &str) -> Result<(), &'static str> {
    if fields::is_email(text) { Ok(()) } else { Err("must be an email address") }
}

pub(crate) fn check_phone(text: &str) -> Result<(), &'static str> {
    if fields::is_phone(text) {
        Ok(())
    } else {
        Err("must be a phone number in E.164, such as +442071838750")
    }
}

/// Reads a contact. `prefix` stands before the name of every field that is wrong, such as `items[3].`.
pub(crate) fn read(value: &Value, prefix: &str) -> Result<Draft, Vec<FieldError>> {
    let mut found = Findings::default();
    let mut draft = Draft::default();
    let whole = prefix.strip_suffix('.').unwrap_or(prefix);
    let Some(object) = found.object(whole, value) else { return found.into_result(draft) };
    if !object.contains_key("identifiers") {
        found.add(format!("{prefix}identifiers"), "required", "is required");
    }
    for (key, value) in object {
        let field = format!("{prefix}{key}");
        match key.as_str() {
            "identifiers" => identifiers(&mut found, &mut draft, &field, value),
            "tags" => draft.tags = Some(found.strings(&field, value, MAX_TAGS, check_tag)),
            "customProperties" => properties(&mut found, &mut draft, &field, value),
            "createdAt" => draft.created_at = found.moment(&field, value),
            _ => text_field(&mut found, &mut draft, key, &field, value),
        }
    }
    // The code wins over the name (published), so that the name follows it.
    if let Some(name) = draft.field("countryCode").and_then(fields::country_name) {
        draft.fields.retain(|(key, _)| *key != "country");
        draft.fields.push(("country", name.to_owned()));
    }
    found.into_result(draft)
}

impl Draft {
    fn field(&self, key: &str) -> Option<&str> {
        self.fields.iter().find(|(name, _)| *name == key).map(|(_, value)| value.as_str())
    }

    /// Whether it asks for a welcome message, should the contact be new.
    pub(crate) fn asks_for_welcome(&self) -> bool {
        [&self.email, &self.phone].into_iter().flatten().any(|identifier| identifier.send_welcome)
    }
}

fn text_field(found: &mut Findings, draft: &mut Draft, key: &str, field: &str, value: &Value) {
    let (name, check): (&'static str, Check) = match key {
        "countryCode" => ("countryCode", |text| match fields::country_name(text) {
            Some(_) => Ok(()),
            None => Err("must be an ISO 3166-1 alpha-2 code in capitals, such as LT"),
        }),
        "birthdate" => ("birthdate", |text| match fields::date(text) {
            Some(_) => Ok(()),
            None => Err("must be a date as YYYY-MM-DD"),
        }),
        "gender" => ("gender", |text| match text {
            "m" | "f" => Ok(()),
            _ => Err("must be `m` or `f`"),
        }),
        _ => match TEXTS.into_iter().find(|name| *name == key) {
            Some(name) => (name, |_| Ok(())),
            None => return found.add(field, "unknownField", "is not a property of a contact"),
        },
    };
    let Some(text) = found.text(field, value) else { return };
    match check(text) {
        Ok(()) => draft.fields.push((name, text.to_owned())),
        Err(message) => found.add(field, "invalidFormat", message),
    }
}

fn properties(found: &mut Findings, draft: &mut Draft, field: &str, value: &Value) {
    let Some(object) = found.object(field, value) else { return };
    for (name, value) in object {
        let place = format!("{field}.{name}");
        if !fields::is_property_name(name) {
            found.add(place, "invalidName", "must be named by 1 to 128 of A-Z, a-z, 0-9 and `_`");
            continue;
        }
        let fits = match value {
            Value::String(_) | Value::Number(_) | Value::Bool(_) => true,
            Value::Array(values) => values.iter().all(Value::is_string),
            Value::Null | Value::Object(_) => false,
        };
        if fits {
            draft.properties.push((name.clone(), value.clone()));
        } else {
            found.add(place, "invalidType", "must be a string, a number, a boolean or a list of strings");
        }
    }
}

fn identifiers(found: &mut Findings, draft: &mut Draft, field: &str, value: &Value) {
    let Some(values) = found.array(field, value) else { return };
    if values.is_empty() {
        found.add(field, "required", "must hold at least one identifier");
    }
    for (i, value) in values.iter().enumerate() {
        let place = format!("{field}[{i}]");
        let Some(object) = found.object(&place, value) else { continue };
        let kind = object.get("type");
        let (slot, check, channel): (_, Check, _) =
            match kind.map(|kind| found.text(&format!("{place}.type"), kind)) {
                Some(Some("email")) => (&mut draft.email, check_email, "email"),
                Some(Some("phone")) => (&mut draft.phone, check_phone, "sms"),
                Some(Some(_)) => {
                    found.add(format!("{place}.type"), "invalidValue", "must be `email` or `phone`");
                    continue;
                }
                Some(None) => continue,
                None => {
                    found.add(format!("{place}.type"), "required", "is required");
                    continue;
                }
            };
        let identifier = identifier(found, &place, object, check, channel);
        // Undocumented: whether two of a type are taken. One could not be told from the other afterwards.
        if slot.is_some() {
            found.add(place, "duplicate", "is the second identifier of its type");
        } else {
            *slot = identifier;
        }
    }
}

fn identifier(
    found: &mut Findings,
    place: &str,
    object: &Map<String, Value>,
    check: Check,
    channel: &str,
) -> Option<Identifier> {
    let mut identifier = Identifier { id: String::new(), channel: None, consent: None, send_welcome: true };
    if !object.contains_key("id") {
        found.add(format!("{place}.id"), "required", "is required");
    }
    for (key, value) in object {
        let field = format!("{place}.{key}");
        match key.as_str() {
            "type" => {}
            "id" => match found.text(&field, value).map(|id| (id, check(id))) {
                Some((id, Ok(()))) => id.clone_into(&mut identifier.id),
                Some((_, Err(message))) => found.add(field, "invalidFormat", message),
                None => {}
            },
            "channels" => identifier.channel = channels(found, &field, value, channel),
            "consent" => identifier.consent = consent(found, &field, value),
            "sendWelcomeMessage" => {
                let sent = found.typed(&field, value, "a boolean", Value::as_bool);
                identifier.send_welcome = sent.unwrap_or(true);
            }
            "source" => _ = found.text(&field, value),
            _ => found.add(field, "unknownField", "is not a property of an identifier"),
        }
    }
    (!identifier.id.is_empty()).then_some(identifier)
}

/// `email` goes with an email identifier and `sms` with a phone (published as one shape for both; a mismatch is
/// refused because nothing says what it would mean).
fn channels(found: &mut Findings, field: &str, value: &Value, expected: &str) -> Option<Channel> {
    let mut read = None;
    for (name, value) in found.object(field, value)? {
        let place = format!("{field}.{name}");
        if name != expected {
            found.add(place, "unknownField", format!("is not a channel of this identifier; `{expected}` is"));
            continue;
        }
        let Some(object) = found.object(&place, value) else { continue };
        let mut channel = Channel::default();
        if !object.contains_key("status") {
            found.add(format!("{place}.status"), "required", "is required");
        }
        for (key, value) in object {
            let place = format!("{place}.{key}");
            match key.as_str() {
                "status" => match found.text(&place, value) {
                    Some("subscribed") => channel.status = Status::Subscribed,
                    Some("nonSubscribed") => channel.status = Status::NonSubscribed,
                    Some("unsubscribed") => channel.status = Status::Unsubscribed,
                    Some(_) => {
                        let message = "must be `subscribed`, `nonSubscribed` or `unsubscribed`";
                        found.add(place, "invalidValue", message);
                    }
                    None => {}
                },
                "statusChangedAt" => channel.changed_at = found.moment(&place, value),
                _ => found.add(place, "unknownField", "is not a property of a channel"),
            }
        }
        read = Some(channel);
    }
    read
}

fn consent(found: &mut Findings, field: &str, value: &Value) -> Option<Value> {
    for (key, value) in found.object(field, value)? {
        let place = format!("{field}.{key}");
        match key.as_str() {
            "source" | "userAgent" => _ = found.text(&place, value),
            "createdAt" => _ = found.moment(&place, value),
            "ip" => {
                if found.text(&place, value).is_some_and(|ip| !fields::is_ip(ip)) {
                    found.add(place, "invalidFormat", "must be an IP address");
                }
            }
            _ => found.add(place, "unknownField", "is not a property of consent"),
        }
    }
    Some(value.clone())
}
