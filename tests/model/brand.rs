//! The contacts of a brand, in the form in which the model and the sandbox are compared.

use std::collections::{BTreeMap, BTreeSet};

use crate::operations::{AnyTag, Edit};

/// The contacts by address.
pub(crate) type Brand = BTreeMap<String, Contact>;

/// Fields by name, including custom properties and the status.
pub(crate) type Fields = BTreeMap<String, String>;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Contact {
    pub fields: Fields,
    pub tags: BTreeSet<String>,
}

impl Default for Contact {
    /// A contact without any field.
    fn default() -> Self {
        let status = ("status".to_owned(), "nonSubscribed".to_owned());
        Self { fields: Fields::from([status]), tags: BTreeSet::new() }
    }
}

impl Contact {
    pub(crate) fn set_status(&mut self, status: &str, since: Option<String>) {
        self.fields.insert("status".to_owned(), status.to_owned());
        self.fields.remove("statusChangedAt");
        self.fields.extend(since.map(|since| ("statusChangedAt".to_owned(), since)));
    }
}

pub(crate) fn address(person: usize) -> String {
    format!("person{person}@example.com")
}

pub(crate) fn tag_of(segment: usize) -> String {
    format!("segment: S{segment}")
}

impl AnyTag {
    pub(crate) fn name(self) -> String {
        match self {
            Self::Ours(segment) => tag_of(segment),
            Self::Foreign(name) => name.to_owned(),
        }
    }
}

/// Applies another client's edit to a contact.
pub(crate) fn edit(brand: &mut Brand, person: usize, edit: Edit) {
    let email = address(person);
    let contact = brand.get_mut(&email);
    match (edit, contact) {
        (Edit::Delete, _) => _ = brand.remove(&email),
        (Edit::AddTag(tag), Some(contact)) => _ = contact.tags.insert(tag.name()),
        (Edit::RemoveTag(tag), Some(contact)) => _ = contact.tags.remove(&tag.name()),
        (Edit::AddTag(_) | Edit::RemoveTag(_), None) => {}
        (Edit::Field(name, value), _) => {
            brand.entry(email).or_default().fields.insert(name.to_owned(), value.to_owned());
        }
        (Edit::Status(status), _) => {
            brand.entry(email).or_default().set_status(status, None);
        }
    }
}
