//! Reads the body of `POST /contacts` and the items of a batch.

use serde_json::{Map, Value};

use crate::contract::draft::{Channel, Draft, Identifier, Status};
use crate::contract::field_errors::FieldErrors;
use crate::contract::formats::{self, Check};
use crate::contract::problem::FieldError;

/// Fields that take any text (published).
const TEXT_FIELDS: [&str; 7] = ["firstName", "lastName", "address", "city", "state", "postalCode", "country"];
/// Fields that take text of one format (published).
const FORMATTED_FIELDS: [(&str, Check); 3] = [
    ("countryCode", formats::country_code),
    ("birthdate", |text| formats::date(text).map(drop)),
    ("gender", formats::gender),
];
/// The longest text of a custom property, in characters (published by a third party).
const MAX_PROPERTY_TEXT: usize = 2_048;
/// The custom property that holds the `createdAt` of a request (published).
const CREATED: &str = "externalCreated";
/// The most tags in one request (published).
pub(crate) const MAX_TAGS: usize = 100;

/// Reads a contact, or returns every invalid field.
pub(crate) fn read_contact(value: &Value) -> Result<Draft, Vec<FieldError>> {
    let mut errors = FieldErrors::default();
    let mut draft = Draft::default();
    let Some(object) = errors.object("", value) else { return errors.into_result(draft) };
    if !object.contains_key("identifiers") {
        errors.add("identifiers", "required", "is required");
    }
    for (key, value) in object {
        match key.as_str() {
            "identifiers" => read_identifiers(&mut errors, &mut draft, key, value),
            "tags" => draft.tags = Some(errors.strings(key, value, MAX_TAGS, formats::tag)),
            "customProperties" => draft.properties.extend(read_properties(&mut errors, key, value)),
            "createdAt" => {
                let created = errors.parsed(key, value, formats::timestamp);
                draft.properties.extend(created.map(|at| (CREATED.to_owned(), Value::from(at.to_string()))));
            }
            _ => draft.fields.extend(read_text(&mut errors, key, value)),
        }
    }
    // The country code overrides the country (published), so the sandbox derives one from the other.
    if let Some(name) = draft.field("countryCode").and_then(formats::country_name) {
        draft.fields.retain(|(name, _)| *name != "country");
        draft.fields.push(("country", name.to_owned()));
    }
    errors.into_result(draft)
}

fn read_text(errors: &mut FieldErrors, field: &str, value: &Value) -> Option<(&'static str, String)> {
    let any_text: Check = |_| Ok(());
    let mut known = TEXT_FIELDS.map(|name| (name, any_text)).into_iter().chain(FORMATTED_FIELDS);
    let Some((name, check)) = known.find(|(name, _)| *name == field) else {
        errors.add(field, "unknownField", "is not a property of a contact");
        return None;
    };
    let text = errors.parsed(field, value, |text| check(text).map(|()| text.to_owned()))?;
    Some((name, text))
}

fn read_properties(errors: &mut FieldErrors, field: &str, value: &Value) -> Vec<(String, Value)> {
    let mut properties = Vec::new();
    for (name, value) in errors.object(field, value).into_iter().flatten() {
        let field = format!("{field}.{name}");
        if let Err(message) = formats::property_name(name) {
            errors.add(field, "invalidName", message);
            continue;
        }
        let valid = match value {
            // An empty text or null removes the property (published by a third party).
            Value::Null | Value::String(_) | Value::Number(_) | Value::Bool(_) => true,
            Value::Array(values) => values.iter().all(Value::is_string),
            Value::Object(_) => false,
        };
        if value.as_str().is_some_and(|text| text.chars().count() > MAX_PROPERTY_TEXT) {
            errors.add(field, "tooLong", format!("must have at most {MAX_PROPERTY_TEXT} characters"));
        } else if valid {
            properties.push((name.clone(), value.clone()));
        } else {
            errors.add(field, "invalidType", "must be a string, a number, a boolean or a list of strings");
        }
    }
    properties
}

fn read_identifiers(errors: &mut FieldErrors, draft: &mut Draft, field: &str, value: &Value) {
    let Some(values) = errors.array(field, value) else { return };
    if values.is_empty() {
        errors.add(field, "required", "must hold at least one identifier");
    }
    for (i, value) in values.iter().enumerate() {
        let field = format!("{field}[{i}]");
        let Some(object) = errors.object(&field, value) else { continue };
        let Some(kind) = object.get("type") else {
            errors.add(format!("{field}.type"), "required", "is required");
            continue;
        };
        let (slot, check, channel): (_, Check, _) = match errors.text(&format!("{field}.type"), kind) {
            Some("email") => (&mut draft.email, formats::email, "email"),
            Some("phone") => (&mut draft.phone, formats::phone, "sms"),
            Some(_) => {
                errors.add(format!("{field}.type"), "invalidValue", "must be `email` or `phone`");
                continue;
            }
            None => continue,
        };
        let identifier = read_identifier(errors, &field, object, check, channel);
        // Whether Omnisend accepts two identifiers of one type is undocumented; the sandbox could not tell them apart.
        if slot.is_some() {
            errors.add(field, "duplicate", "is the second identifier of its type");
        } else {
            *slot = identifier;
        }
    }
}

fn read_identifier(
    errors: &mut FieldErrors,
    field: &str,
    object: &Map<String, Value>,
    check: Check,
    channel: &str,
) -> Option<Identifier> {
    let mut identifier = Identifier { id: String::new(), channel: None, consent: None, send_welcome: true };
    if !object.contains_key("id") {
        errors.add(format!("{field}.id"), "required", "is required");
    }
    for (key, value) in object {
        let field = format!("{field}.{key}");
        match key.as_str() {
            "type" => {}
            "id" => {
                let id = errors.parsed(&field, value, |id| check(id).map(|()| id.to_owned()));
                identifier.id = id.unwrap_or_default();
            }
            "channels" => identifier.channel = read_channels(errors, &field, value, channel),
            "consent" => identifier.consent = read_consent(errors, &field, value),
            "sendWelcomeMessage" => {
                identifier.send_welcome = errors.boolean(&field, value).unwrap_or(true);
            }
            "source" => _ = errors.text(&field, value),
            _ => errors.add(field, "unknownField", "is not a property of an identifier"),
        }
    }
    (!identifier.id.is_empty()).then_some(identifier)
}

/// Reads the channels of an identifier: `email` for an email address, `sms` for a phone number. Omnisend publishes one
/// shape for both; the sandbox refuses a mismatch, because its meaning is undocumented.
fn read_channels(errors: &mut FieldErrors, field: &str, value: &Value, expected: &str) -> Option<Channel> {
    let mut channel = None;
    for (name, value) in errors.object(field, value)? {
        let field = format!("{field}.{name}");
        if name == expected {
            channel = read_channel(errors, &field, value).or(channel);
        } else {
            let message = format!("is not a channel of this identifier; `{expected}` is");
            errors.add(field, "unknownField", message);
        }
    }
    channel
}

fn read_channel(errors: &mut FieldErrors, field: &str, value: &Value) -> Option<Channel> {
    let object = errors.object(field, value)?;
    let mut channel = Channel::default();
    if !object.contains_key("status") {
        errors.add(format!("{field}.status"), "required", "is required");
    }
    for (key, value) in object {
        let field = format!("{field}.{key}");
        match key.as_str() {
            "status" => {
                let Some(text) = errors.text(&field, value) else { continue };
                if let Some(status) = Status::ALL.into_iter().find(|status| status.as_str() == text) {
                    channel.status = status;
                } else {
                    let message = "must be `subscribed`, `nonSubscribed` or `unsubscribed`";
                    errors.add(field, "invalidValue", message);
                }
            }
            "statusChangedAt" => channel.changed_at = errors.parsed(&field, value, formats::timestamp),
            _ => errors.add(field, "unknownField", "is not a property of a channel"),
        }
    }
    Some(channel)
}

fn read_consent(errors: &mut FieldErrors, field: &str, value: &Value) -> Option<Value> {
    for (key, value) in errors.object(field, value)? {
        let field = format!("{field}.{key}");
        match key.as_str() {
            "source" | "userAgent" => _ = errors.text(&field, value),
            "createdAt" => _ = errors.parsed(&field, value, formats::timestamp),
            "ip" => _ = errors.parsed(&field, value, formats::ip),
            _ => errors.add(field, "unknownField", "is not a property of consent"),
        }
    }
    Some(value.clone())
}
