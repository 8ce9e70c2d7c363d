//! A contact as the sandbox stores and shows it.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::contract::{Channel, Identifier};
use crate::options::{StatusMode, TagMode};

/// A contact, kept small: a sandbox may hold a million.
#[derive(Debug, Default)]
pub(crate) struct Contact {
    pub(crate) email: ContactIdentifier,
    pub(crate) phone: ContactIdentifier,
    pub(crate) tags: Vec<Arc<str>>,
    pub(crate) fields: Vec<(&'static str, Box<str>)>,
    pub(crate) properties: Vec<(Arc<str>, Value)>,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    pub(crate) welcomed: bool,
}

/// An email address or a phone number of a contact; the default is none.
#[derive(Debug, Default)]
pub(crate) struct ContactIdentifier {
    pub(crate) id: Option<Arc<str>>,
    pub(crate) channel: Channel,
    pub(crate) consent: Option<Box<Value>>,
}

impl Contact {
    pub(crate) fn put_tags(&mut self, tags: Vec<Arc<str>>, mode: TagMode) {
        if mode == TagMode::Replace {
            self.tags.clear();
        }
        for tag in tags {
            if !self.tags.contains(&tag) {
                self.tags.push(tag);
            }
        }
    }

    pub(crate) fn has_tag(&self, tag: &str) -> bool {
        self.tags.iter().any(|held| **held == *tag)
    }

    /// Returns the email address, or the phone number of a contact without one.
    pub(crate) fn identifier(&self) -> &str {
        self.email.id.as_deref().or(self.phone.id.as_deref()).unwrap_or_default()
    }

    /// The contact in the response to an upsert. Undocumented beyond `id` and the list of phone numbers.
    pub(crate) fn summary(&self, id: String) -> Map<String, Value> {
        let mut view = Map::from_iter([("id".to_owned(), Value::String(id))]);
        view.extend(self.email.id.as_deref().map(|id| ("email".to_owned(), json!(id))));
        view.insert("phone".to_owned(), self.phone.id.as_deref().into_iter().collect());
        view
    }

    /// Returns the contact as the API shows it.
    pub(crate) fn view(&self, id: String) -> Value {
        let mut view = self.summary(id);
        view.extend(self.fields_view());
        let identifiers = [self.email.view("email", "email"), self.phone.view("phone", "sms")];
        view.insert("identifiers".to_owned(), identifiers.into_iter().flatten().collect());
        view.insert("updatedAt".to_owned(), json!(time(self.updated_at)));
        Value::Object(view)
    }

    /// The contact with everything that the sandbox stores, without nesting. A status has the date with which it was sent,
    /// if any.
    pub(crate) fn full_view(&self, id: String) -> Value {
        let mut view = self.fields_view();
        view.insert("contactID".to_owned(), Value::String(id));
        for (name, identifier) in [("email", &self.email), ("phone", &self.phone)] {
            view.extend(identifier.id.as_deref().map(|id| (name.to_owned(), json!(id))));
        }
        let mut put = |name: &str, value: Value| view.insert(name.to_owned(), value);
        put("status", json!(self.email.channel.status.as_str()));
        if self.phone.id.is_some() {
            put("smsStatus", json!(self.phone.channel.status.as_str()));
        }
        for (identifier, changed_at, consent) in
            [(&self.email, "statusChangedAt", "consent"), (&self.phone, "smsStatusChangedAt", "smsConsent")]
        {
            if let Some(at) = identifier.channel.changed_at {
                put(changed_at, json!(time(at)));
            }
            if let Some(value) = &identifier.consent {
                put(consent, (**value).clone());
            }
        }
        put("welcomed", json!(self.welcomed));
        Value::Object(view)
    }

    fn fields_view(&self) -> Map<String, Value> {
        let mut view = Map::new();
        for (name, value) in &self.fields {
            view.insert((*name).to_owned(), json!(**value));
        }
        view.insert("tags".to_owned(), self.tags.iter().map(|tag| &**tag).collect());
        let properties: Map<_, _> =
            self.properties.iter().map(|(name, value)| ((**name).to_owned(), value.clone())).collect();
        view.insert("customProperties".to_owned(), Value::Object(properties));
        view.insert("createdAt".to_owned(), json!(time(self.created_at)));
        view
    }
}

impl ContactIdentifier {
    /// Takes over the consent that was sent with an identifier.
    pub(crate) fn put_consent(&mut self, identifier: Identifier, mode: StatusMode, now: Timestamp) {
        if let Some(channel) = identifier.channel {
            let since = channel.changed_at.or_else(|| (mode == StatusMode::Newest).then_some(now));
            // Without a date of its own, the contact's status is older than any other.
            if mode == StatusMode::Last || since >= self.channel.since {
                self.channel = Channel { since, ..channel };
            }
        }
        if let Some(consent) = identifier.consent {
            self.consent = Some(Box::new(consent));
        }
    }

    fn view(&self, kind: &str, channel: &str) -> Option<Value> {
        let mut status = json!({ "status": self.channel.status.as_str() });
        if let (Some(at), Some(status)) = (self.channel.since, status.as_object_mut()) {
            status.insert("statusChangedAt".to_owned(), json!(time(at)));
        }
        Some(json!({ "type": kind, "id": **self.id.as_ref()?, "channels": { channel: status } }))
    }
}

/// Returns a time as in Omnisend's examples: UTC, whole seconds.
pub(crate) fn time(at: Timestamp) -> String {
    Timestamp::from_second(at.as_second()).unwrap_or(at).to_string()
}
