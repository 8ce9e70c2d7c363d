//! Compares the addresses of the source with the members of the snapshot, to find duplicates, changed contacts and
//! leavers.

use super::{
    known::{Known, MemberAt},
    seen::{Note, Seen},
};
use crate::{
    contact::{Channel, Channels, ContactHash, EmailKey, PreparedContact, Statement},
    run::{Kept, TagSet},
};

/// A person in the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Person {
    /// A member of the snapshot.
    Member(MemberAt),
    /// Not a member. The caller keeps the key: a reference into the set would make every row wait for memory.
    New,
}

/// Whether a contact is the first one with its address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Occurrence {
    First(Person),
    /// An earlier row has the same address.
    Repeated(Person),
}

/// The members of the snapshot, and the addresses of the source so far. Takes the memory of [`Known`], and that of
/// [`Seen`] for each address that is not a member's.
pub(crate) struct Roster {
    known: Known,
    new: Seen,
    /// Whether unchanged members are sent too.
    sends_all: bool,
}

impl Roster {
    pub(crate) fn new(known: Known, sends_all: bool) -> Self {
        Self { known, new: Seen::new(), sends_all }
    }

    /// Records that a row became a contact.
    pub(crate) fn meet(&mut self, key: EmailKey) -> Occurrence {
        if let Some(at) = self.known.find(key) {
            let person = Person::Member(at);
            return if self.known.mark_met(at) {
                Occurrence::Repeated(person)
            } else {
                Occurrence::First(person)
            };
        }
        if self.new.insert(key).is_some() {
            Occurrence::Repeated(Person::New)
        } else {
            Occurrence::First(Person::New)
        }
    }

    /// Returns the person with this address, if an earlier row became their contact.
    pub(crate) fn find_met(&self, key: EmailKey) -> Option<Person> {
        match self.known.find(key) {
            Some(at) => self.known.is_met(at).then_some(Person::Member(at)),
            None => self.new.get(key).map(|_| Person::New),
        }
    }

    /// Returns the note of a person who was met.
    pub(crate) fn note(&self, person: Person, key: EmailKey) -> Note {
        match person {
            Person::Member(at) => self.known.note(at),
            Person::New => self.new.get(key).unwrap_or_default(),
        }
    }

    /// Replaces the note of a person who was met.
    pub(crate) fn set_note(&mut self, person: Person, key: EmailKey, note: Note) {
        match person {
            Person::Member(at) => self.known.set_note(at, note),
            Person::New => self.new.set_note(key, note),
        }
    }

    /// Returns the consent that was last sent for a person.
    pub(crate) fn consent(&self, person: Person) -> Channels<Option<Statement>> {
        let of = |channel| match person {
            Person::Member(at) => self.known.consent(at, channel).statement(),
            Person::New => None,
        };
        Channels { email: of(Channel::Email), sms: of(Channel::Sms) }
    }

    /// Whether the contact, its tags and its consent are the same as last sent.
    pub(crate) fn is_unchanged(
        &self,
        person: Person,
        contact: &PreparedContact<'_>,
        hash: ContactHash,
        tags: TagSet,
    ) -> bool {
        let Person::Member(at) = person else { return false };
        !self.sends_all
            && self.known.was_sent_as(at, hash)
            && self.known.tags(at).holds(tags)
            && Channel::ALL.into_iter().all(|channel| {
                let statement = contact.statement(channel);
                statement.is_none() || Kept::from(statement) == self.known.consent(at, channel)
            })
    }

    /// Sets the tags that a person has after this run; the person's other tags become surplus. Returns those of `tags`
    /// that the person already has from this export.
    pub(crate) fn assign_tags(&mut self, person: Person, tags: TagSet) -> TagSet {
        let Person::Member(at) = person else { return TagSet::default() };
        let before = self.known.tags(at);
        let surplus = before.without(tags);
        self.known.set_tags(at, surplus);
        before.without(surplus)
    }

    /// Records that an invalid row has this address. Such a member has not left, and keeps all tags.
    pub(crate) fn keep(&mut self, key: EmailKey) {
        if let Some(at) = self.known.find(key) {
            self.known.mark_staying(at);
        }
    }

    /// Records that an unsettled run sends a contact with this address. The hash that was sent before is then outdated,
    /// so the contact counts as changed.
    pub(crate) fn add_pending(&mut self, key: EmailKey) {
        if let Some(at) = self.known.find(key) {
            self.known.forget_hash(at);
        }
    }

    /// Records that an unsettled run removes tags from this address.
    pub(crate) fn add_pending_removal(&mut self, key: EmailKey, tags: TagSet) {
        if let Some(at) = self.known.find(key) {
            self.known.set_tags(at, self.known.tags(at).without(tags));
        }
    }

    /// Returns each member's surplus, in the order of the snapshot's list: the tags that the member has and must lose.
    /// All tags of a leaver are surplus.
    pub(crate) fn surplus(&self) -> impl Iterator<Item = TagSet> {
        let of = |at| if self.known.is_staying(at) { TagSet::default() } else { self.known.tags(at) };
        self.known.members().map(of)
    }

    /// Returns how many members must lose any of `removable`.
    pub(crate) fn count_losing(&self, removable: TagSet) -> u64 {
        self.surplus().filter(|surplus| !surplus.common(removable).is_empty()).count() as u64
    }
}
