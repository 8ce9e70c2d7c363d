//! The contacts of a brand, and what an upsert does to them.
//!
//! Undocumented, chosen: fields, properties and consent that an update omits stay as they were; tags are added or
//! replaced according to [`TagMode`], and statuses are applied according to [`StatusMode`]; the consent of a status that is
//! ignored is stored; addresses that differ in case are different, as older documents say.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use axum::http::StatusCode;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::contract::{Draft, Identifier, Problem, TagAction, TagChange};
use crate::options::{StatusMode, TagMode};
use crate::state::contact::{Contact, ContactIdentifier};
use crate::state::ids::Kind;
use crate::state::records::Records;
use crate::state::segment::Segment;

/// The result of an upsert.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Upserted {
    /// The index of the contact.
    pub(crate) index: usize,
    /// 201 for a new contact, 200 for an existing one (published).
    pub(crate) status: StatusCode,
}

/// How upserts are applied.
#[derive(Debug, Clone, Copy)]
pub(crate) struct UpsertPolicy {
    pub(crate) tag_mode: TagMode,
    pub(crate) status_mode: StatusMode,
    pub(crate) plan_limit: Option<usize>,
}

#[derive(Debug)]
pub(crate) struct Contacts {
    pub(crate) records: Records<Contact>,
    by_email: HashMap<Arc<str>, usize>,
    by_phone: HashMap<Arc<str>, usize>,
    /// Tags and property names, each stored once.
    words: HashSet<Arc<str>>,
    pub(crate) welcome_mails: usize,
}

impl Contacts {
    pub(crate) fn new(brand: usize) -> Self {
        Self {
            records: Records::new(Kind::Contact, brand),
            by_email: HashMap::new(),
            by_phone: HashMap::new(),
            words: HashSet::new(),
            welcome_mails: 0,
        }
    }

    pub(crate) fn by_email(&self, email: &str) -> Option<usize> {
        self.by_email.get(email).copied()
    }

    pub(crate) fn by_phone(&self, phone: &str) -> Option<usize> {
        self.by_phone.get(phone).copied()
    }

    /// Returns the contact in the response to an upsert, or only its id if it has been deleted since.
    pub(crate) fn summary(&self, index: usize) -> Value {
        let id = self.records.id(index);
        match self.records.get(index) {
            Some(contact) => Value::Object(contact.summary(id)),
            None => json!({ "id": id }),
        }
    }

    /// Creates a contact, or updates the one with the same email address (published).
    pub(crate) fn upsert(
        &mut self,
        draft: Draft,
        policy: UpsertPolicy,
        now: Timestamp,
    ) -> Result<Upserted, Problem> {
        let known = draft.email.as_ref().and_then(|email| self.by_email(&email.id));
        let upserted = match known {
            Some(index) => Upserted { index, status: StatusCode::OK },
            None => Upserted { index: self.create(&draft, policy, now)?, status: StatusCode::CREATED },
        };
        self.update(upserted.index, draft, policy, now);
        Ok(upserted)
    }

    /// Creates a contact with its email address only, if its identifiers and the plan limit allow it.
    fn create(&mut self, draft: &Draft, policy: UpsertPolicy, now: Timestamp) -> Result<usize, Problem> {
        let phone_is_taken = draft.phone.as_ref().is_some_and(|phone| self.by_phone(&phone.id).is_some());
        if draft.email.is_none() && phone_is_taken {
            // Published: the contact is not created. The status is undocumented; a conflict is the plainest choice.
            let detail = "The contact's only identifier belongs to another contact.";
            return Err(Problem::new(StatusCode::CONFLICT, detail));
        }
        if policy.plan_limit.is_some_and(|limit| self.records.len() >= limit) {
            // Undocumented; sending a campaign beyond the subscription's size is said to get a 402.
            let detail = "The brand's plan holds no more contacts.";
            return Err(Problem::new(StatusCode::PAYMENT_REQUIRED, detail));
        }
        let id: Option<Arc<str>> = draft.email.as_ref().map(|email| email.id.as_str().into());
        // Undocumented: whether only subscribers are welcomed. The strict reading is that everyone is.
        let welcomed = draft.asks_for_welcome();
        self.welcome_mails += usize::from(welcomed);
        let index = self.records.push(Contact {
            email: ContactIdentifier { id: id.clone(), ..ContactIdentifier::default() },
            created_at: now,
            welcomed,
            fields: Vec::with_capacity(draft.fields.len()),
            properties: Vec::with_capacity(draft.properties.len()),
            ..Contact::default()
        });
        self.by_email.extend(id.map(|id| (id, index)));
        Ok(index)
    }

    fn update(&mut self, index: usize, draft: Draft, policy: UpsertPolicy, now: Timestamp) {
        let owns_phone = draft.phone.as_ref().is_some_and(|phone| self.link_phone(index, phone));
        let tags = draft.tags.map(|tags| self.words(&tags));
        let properties: Vec<_> =
            draft.properties.into_iter().map(|(name, value)| (self.word(&name), value)).collect();
        let Some(contact) = self.records.get_mut(index) else { return };
        contact.updated_at = now;
        for (name, value) in draft.fields {
            set(&mut contact.fields, name, value.into_boxed_str());
        }
        for (name, value) in properties {
            if value.is_null() || value == "" {
                contact.properties.retain(|(held, _)| *held != name);
            } else {
                set(&mut contact.properties, name, value);
            }
        }
        if let Some(tags) = tags {
            contact.put_tags(tags, policy.tag_mode);
        }
        if let Some(email) = draft.email {
            contact.email.put_consent(email, policy.status_mode, now);
        }
        if let Some(phone) = draft.phone.filter(|_| owns_phone) {
            contact.phone.put_consent(phone, policy.status_mode, now);
        }
    }

    /// Gives a contact its phone number, and returns whether the number is now the contact's. The number of another
    /// contact is silently ignored (published).
    fn link_phone(&mut self, index: usize, phone: &Identifier) -> bool {
        if let Some(owner) = self.by_phone(&phone.id) {
            return owner == index;
        }
        let number: Arc<str> = phone.id.as_str().into();
        self.by_phone.insert(Arc::clone(&number), index);
        let old = self.records.get_mut(index).and_then(|contact| contact.phone.id.replace(number));
        if let Some(old) = old {
            self.by_phone.remove(&old);
        }
        true
    }

    /// Changes the tags of the named contacts; those that do not exist are ignored.
    pub(crate) fn change_tags(&mut self, change: &TagChange, segment: Option<&Segment>) {
        let in_segment = self.records.iter().filter(|(_, contact)| segment.is_some_and(|s| s.holds(contact)));
        let emails = change.emails.iter().filter_map(|email| self.by_email(email));
        let phones = change.phones.iter().filter_map(|phone| self.by_phone(phone));
        let ids = change.ids.iter().filter_map(|id| Some(self.records.find(id).ok()?.0));
        let indexes: Vec<usize> =
            emails.chain(phones).chain(ids).chain(in_segment.map(|(index, _)| index)).collect();
        let tags = self.words(&change.tags);
        for index in indexes {
            let Some(contact) = self.records.get_mut(index) else { continue };
            match change.action {
                TagAction::Add => contact.put_tags(tags.clone(), TagMode::Add),
                TagAction::Remove => contact.tags.retain(|tag| !tags.contains(tag)),
            }
        }
    }

    /// Deletes a contact, as a person can in Omnisend's app; the API has no such request.
    pub(crate) fn delete(&mut self, index: usize) {
        let Some(contact) = self.records.remove(index) else { return };
        if let Some(email) = contact.email.id {
            self.by_email.remove(&email);
        }
        if let Some(phone) = contact.phone.id {
            self.by_phone.remove(&phone);
        }
    }

    fn words(&mut self, texts: &[String]) -> Vec<Arc<str>> {
        texts.iter().map(|text| self.word(text)).collect()
    }

    fn word(&mut self, text: &str) -> Arc<str> {
        if let Some(word) = self.words.get(text) {
            return Arc::clone(word);
        }
        let word: Arc<str> = text.into();
        self.words.insert(Arc::clone(&word));
        word
    }
}

fn set<K: PartialEq, V>(list: &mut Vec<(K, V)>, key: K, value: V) {
    match list.iter_mut().find(|(name, _)| *name == key) {
        Some((_, old)) => *old = value,
        None => list.push((key, value)),
    }
}
