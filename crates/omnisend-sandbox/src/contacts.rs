//! A brand's contacts, and what an upsert does to them.
//!
//! Undocumented, chosen: fields, properties and consent that an update leaves out stay as they were; tags are added
//! or replaced as [`TagMode`] says; an older `statusChangedAt` is applied like any other; addresses are told apart by
//! case, as older documents say.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use axum::http::StatusCode;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::TagMode;
use crate::ids::{self, Kind};
use crate::problem::Problem;
use crate::rules::{Channel, Draft, Identifier};

/// A contact, kept small: a sandbox may hold a million.
#[derive(Debug, Default)]
pub(crate) struct Contact {
    pub(crate) email: Option<Arc<str>>,
    pub(crate) phone: Option<Arc<str>>,
    pub(crate) tags: Vec<Arc<str>>,
    pub(crate) email_channel: Channel,
    pub(crate) sms_channel: Channel,
    fields: Vec<(&'static str, Box<str>)>,
    properties: Vec<(Arc<str>, Value)>,
    /// How consent was given, by e-mail and by phone.
    consents: [Option<Box<Value>>; 2],
    created_at: Timestamp,
    updated_at: Timestamp,
    welcomed: bool,
}

/// What an upsert did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Upserted {
    Created(usize),
    Updated(usize),
}

impl Upserted {
    pub(crate) fn index(self) -> usize {
        let (Self::Created(index) | Self::Updated(index)) = self;
        index
    }

    /// 201 for a new contact, 200 for one that was there (published).
    pub(crate) fn status(self) -> StatusCode {
        match self {
            Self::Created(_) => StatusCode::CREATED,
            Self::Updated(_) => StatusCode::OK,
        }
    }
}

/// How upserts are to be understood.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Policy {
    pub(crate) tag_mode: TagMode,
    pub(crate) plan_limit: Option<usize>,
}

/// Every contact of a brand.
#[derive(Debug, Default)]
pub(crate) struct Contacts {
    brand: usize,
    /// By their index, which their id is made of; one that was deleted leaves its place empty.
    list: Vec<Option<Contact>>,
    deleted: usize,
    by_email: HashMap<Arc<str>, usize>,
    by_phone: HashMap<Arc<str>, usize>,
    /// Tags and property names, each kept once.
    words: HashSet<Arc<str>>,
    pub(crate) welcome_mails: usize,
}

impl Contacts {
    pub(crate) fn new(brand: usize) -> Self {
        Self { brand, ..Self::default() }
    }

    pub(crate) fn len(&self) -> usize {
        self.list.len() - self.deleted
    }

    pub(crate) fn get(&self, index: usize) -> Option<&Contact> {
        self.list.get(index)?.as_ref()
    }

    fn get_mut(&mut self, index: usize) -> Option<&mut Contact> {
        self.list.get_mut(index)?.as_mut()
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = (usize, &Contact)> {
        self.list.iter().enumerate().filter_map(|(index, contact)| Some((index, contact.as_ref()?)))
    }

    pub(crate) fn by_email(&self, email: &str) -> Option<usize> {
        self.by_email.get(email).copied()
    }

    pub(crate) fn by_phone(&self, phone: &str) -> Option<usize> {
        self.by_phone.get(phone).copied()
    }

    pub(crate) fn by_id(&self, id: &str) -> Option<usize> {
        ids::index(Kind::Contact, self.brand, id).filter(|&index| self.get(index).is_some())
    }

    pub(crate) fn id(&self, index: usize) -> String {
        ids::id(Kind::Contact, self.brand, index)
    }

    /// Creates a contact, or updates the one with the same email address (published).
    pub(crate) fn upsert(
        &mut self,
        draft: Draft,
        policy: Policy,
        now: Timestamp,
    ) -> Result<Upserted, Problem> {
        let known = draft.email.as_ref().and_then(|email| self.by_email(&email.id));
        let index = match known {
            Some(index) => index,
            None => self.admit(&draft, policy, now)?,
        };
        let phone = self.link_phone(index, draft.phone.as_ref());
        let email = draft.email;
        let tags = draft.tags.map(|tags| tags.iter().map(|tag| self.word(tag)).collect());
        let properties: Vec<_> =
            draft.properties.into_iter().map(|(name, value)| (self.word(&name), value)).collect();
        if let Some(contact) = self.get_mut(index) {
            contact.updated_at = now;
            if known.is_none() {
                contact.fields.reserve_exact(draft.fields.len());
                contact.properties.reserve_exact(properties.len());
            }
            for (name, value) in draft.fields {
                set(&mut contact.fields, name, value.into_boxed_str());
            }
            for (name, value) in properties {
                set(&mut contact.properties, name, value);
            }
            if let Some(tags) = tags {
                contact.put_tags(tags, policy.tag_mode);
            }
            for (identifier, is_phone) in [(email, false), (draft.phone.filter(|_| phone), true)] {
                contact.put_consent(identifier, is_phone);
            }
        }
        Ok(if known.is_some() { Upserted::Updated(index) } else { Upserted::Created(index) })
    }

    /// Makes room for a new contact, where its identifiers and the plan allow one.
    fn admit(&mut self, draft: &Draft, policy: Policy, now: Timestamp) -> Result<usize, Problem> {
        let phone_is_taken =
            draft.phone.as_ref().is_some_and(|phone| self.by_phone.contains_key(phone.id.as_str()));
        if draft.email.is_none() && phone_is_taken {
            // Published: not created. With what status is not; a conflict is the plainest.
            let detail = "The contact's only identifier belongs to another contact.";
            return Err(Problem::new(StatusCode::CONFLICT, detail));
        }
        if policy.plan_limit.is_some_and(|limit| self.len() >= limit) {
            // Undocumented; 402 is what Omnisend's campaigns are said to answer beyond a plan's size.
            let detail = "The brand's plan holds no more contacts.";
            return Err(Problem::new(StatusCode::PAYMENT_REQUIRED, detail));
        }
        let index = self.list.len();
        let email: Option<Arc<str>> = draft.email.as_ref().map(|email| email.id.as_str().into());
        if let Some(email) = &email {
            self.by_email.insert(Arc::clone(email), index);
        }
        // Undocumented: whether only subscribers are welcomed. The strict reading welcomes everyone.
        let welcomed = draft.asks_for_welcome();
        self.welcome_mails += usize::from(welcomed);
        let created_at = draft.created_at.unwrap_or(now);
        self.list.push(Some(Contact { email, created_at, welcomed, ..Contact::default() }));
        Ok(index)
    }

    /// Gives a contact its phone number. A number of another contact's is silently ignored (published).
    fn link_phone(&mut self, index: usize, phone: Option<&Identifier>) -> bool {
        let Some(phone) = phone else { return false };
        if let Some(owner) = self.by_phone(&phone.id) {
            return owner == index;
        }
        let number: Arc<str> = phone.id.as_str().into();
        self.by_phone.insert(Arc::clone(&number), index);
        let old = self.get_mut(index).and_then(|contact| contact.phone.replace(number));
        if let Some(old) = old {
            self.by_phone.remove(&old);
        }
        true
    }

    /// Adds tags to a contact.
    pub(crate) fn add_tags(&mut self, index: usize, tags: &[String]) {
        let tags = tags.iter().map(|tag| self.word(tag)).collect();
        if let Some(contact) = self.get_mut(index) {
            contact.put_tags(tags, TagMode::Add);
        }
    }

    /// Takes tags from a contact.
    pub(crate) fn remove_tags(&mut self, index: usize, tags: &[String]) {
        if let Some(contact) = self.get_mut(index) {
            contact.tags.retain(|tag| !tags.iter().any(|gone| **gone == **tag));
        }
    }

    /// Deletes a contact, as somebody does in Omnisend's app; there is no request for it.
    pub(crate) fn delete(&mut self, index: usize) {
        let Some(contact) = self.list.get_mut(index).and_then(Option::take) else { return };
        self.deleted += 1;
        if let Some(email) = contact.email {
            self.by_email.remove(&email);
        }
        if let Some(phone) = contact.phone {
            self.by_phone.remove(&phone);
        }
    }

    fn word(&mut self, text: &str) -> Arc<str> {
        if let Some(word) = self.words.get(text) {
            return Arc::clone(word);
        }
        let word: Arc<str> = text.into();
        self.words.insert(Arc::clone(&word));
        word
    }

    /// A contact as the API shows it.
    pub(crate) fn view(&self, index: usize) -> Option<Value> {
        let contact = self.get(index)?;
        let mut view = contact.common(self.id(index));
        let identifiers = [
            contact.email.as_ref().map(|id| identifier("email", id, "email", contact.email_channel)),
            contact.phone.as_ref().map(|id| identifier("phone", id, "sms", contact.sms_channel)),
        ];
        view.insert("identifiers".to_owned(), identifiers.into_iter().flatten().collect());
        view.insert("updatedAt".to_owned(), json!(time(contact.updated_at)));
        Some(Value::Object(view))
    }

    /// A contact with all that the sandbox knows of it, flat.
    pub(crate) fn full(&self, index: usize) -> Option<Value> {
        let contact = self.get(index)?;
        let mut view = contact.common(self.id(index));
        let mut put = |name: &str, value: Value| view.insert(name.to_owned(), value);
        put("status", json!(contact.email_channel.status));
        if let Some(at) = contact.email_channel.changed_at {
            put("statusChangedAt", json!(time(at)));
        }
        if contact.phone.is_some() {
            put("smsStatus", json!(contact.sms_channel.status));
        }
        if let Some(at) = contact.sms_channel.changed_at {
            put("smsStatusChangedAt", json!(time(at)));
        }
        for (name, consent) in ["consent", "smsConsent"].into_iter().zip(&contact.consents) {
            if let Some(consent) = consent {
                put(name, (**consent).clone());
            }
        }
        put("welcomed", json!(contact.welcomed));
        Some(Value::Object(view))
    }
}

impl Contact {
    fn put_tags(&mut self, tags: Vec<Arc<str>>, mode: TagMode) {
        if mode == TagMode::Replace {
            self.tags.clear();
        }
        for tag in tags {
            if !self.tags.contains(&tag) {
                self.tags.push(tag);
            }
        }
    }

    fn put_consent(&mut self, identifier: Option<Identifier>, is_phone: bool) {
        let Some(identifier) = identifier else { return };
        if let Some(channel) = identifier.channel {
            *(if is_phone { &mut self.sms_channel } else { &mut self.email_channel }) = channel;
        }
        if let (Some(consent), [email, phone]) = (identifier.consent, &mut self.consents) {
            *(if is_phone { phone } else { email }) = Some(Box::new(consent));
        }
    }

    fn common(&self, id: String) -> Map<String, Value> {
        let mut view = Map::new();
        view.insert("contactID".to_owned(), Value::String(id));
        for (name, value) in [("email", &self.email), ("phone", &self.phone)] {
            if let Some(value) = value {
                view.insert(name.to_owned(), json!(**value));
            }
        }
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

fn identifier(kind: &str, id: &str, name: &str, channel: Channel) -> Value {
    let mut status = json!({ "status": channel.status });
    if let (Some(at), Some(status)) = (channel.changed_at, status.as_object_mut()) {
        status.insert("statusChangedAt".to_owned(), json!(time(at)));
    }
    json!({ "type": kind, "id": id, "channels": { name: status } })
}

fn set<K: PartialEq, V>(list: &mut Vec<(K, V)>, key: K, value: V) {
    match list.iter_mut().find(|(name, _)| *name == key) {
        Some((_, old)) => *old = value,
        None => list.push((key, value)),
    }
}

/// A moment as Omnisend's examples write it: whole seconds, UTC.
pub(crate) fn time(at: Timestamp) -> String {
    Timestamp::from_second(at.as_second()).unwrap_or(at).to_string()
}
