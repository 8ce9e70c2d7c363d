//! Whom the source has, beside whom the snapshot knows: who stands twice, who changed, who left.

use super::{
    known::{Known, MemberAt},
    seen::{Note, Seen},
};
use crate::{
    contact::{Channel, Channels, ContactHash, EmailKey, PreparedContact, Statement},
    run::{Kept, TagSet},
};

/// Somebody of the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Who {
    /// A member of the snapshot.
    Member(MemberAt),
    /// Somebody else. Their key goes beside it: with it, every row would wait until it is in memory.
    New,
}

/// How somebody is met in the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Met {
    /// For the first time.
    First(Who),
    /// An earlier row had the same address.
    Again(Who),
}

/// Whom the source has so far, and whom the snapshot knows.
pub(super) struct Roster {
    known: Known,
    new: Seen,
    /// Whether everybody is sent, whatever is known.
    sends_all: bool,
}

impl Roster {
    pub(super) fn new(known: Known, sends_all: bool) -> Self {
        Self { known, new: Seen::new(), sends_all }
    }

    /// The source has somebody.
    pub(super) fn meet(&mut self, key: EmailKey) -> Met {
        if let Some(at) = self.known.find(key) {
            let who = Who::Member(at);
            return if self.known.meet(at) { Met::Again(who) } else { Met::First(who) };
        }
        if self.new.insert(key).is_some() { Met::Again(Who::New) } else { Met::First(Who::New) }
    }

    /// Somebody whom the source had before; `None` where it has not, or not yet.
    pub(super) fn find_met(&self, key: EmailKey) -> Option<Who> {
        match self.known.find(key) {
            Some(at) => self.known.is_met(at).then_some(Who::Member(at)),
            None => self.new.get(key).map(|_| Who::New),
        }
    }

    /// What is noted of somebody who was met.
    pub(super) fn note(&self, who: Who, key: EmailKey) -> Note {
        match who {
            Who::Member(at) => self.known.note(at),
            Who::New => self.new.get(key).unwrap_or_default(),
        }
    }

    /// Notes something of somebody who was met.
    pub(super) fn set_note(&mut self, who: Who, key: EmailKey, note: Note) {
        match who {
            Who::Member(at) => self.known.set_note(at, note),
            Who::New => self.new.note(key, note),
        }
    }

    /// What somebody was last sent as of each channel's consent.
    pub(super) fn consent(&self, who: Who) -> Channels<Option<Statement>> {
        let of = |channel| match who {
            Who::Member(at) => self.known.consent(at, channel).statement(),
            Who::New => None,
        };
        Channels { email: of(Channel::Email), sms: of(Channel::Sms) }
    }

    /// Whether Omnisend has a contact as it is, with these tags.
    pub(super) fn has_as_it_is(
        &self,
        who: Who,
        contact: &PreparedContact<'_>,
        hash: ContactHash,
        tags: TagSet,
    ) -> bool {
        let Who::Member(at) = who else { return false };
        !self.sends_all
            && self.known.was_sent_as(at, hash)
            && self.known.tags(at).holds(tags)
            && Channel::ALL.into_iter().all(|channel| {
                let statement = contact.statement(channel);
                statement.is_none() || Kept::from(statement) == self.known.consent(at, channel)
            })
    }

    /// Notes which tags somebody is to have now. Answers with those of them that it has from us already.
    pub(super) fn is_to_have(&mut self, who: Who, tags: TagSet) -> TagSet {
        let Who::Member(at) = who else { return TagSet::default() };
        let before = self.known.tags(at);
        let surplus = before.without(tags);
        self.known.set_tags(at, surplus);
        before.without(surplus)
    }

    /// The source has somebody, in a row that makes no contact: nothing is known of their tags, and they keep what they
    /// have.
    pub(super) fn stays(&mut self, key: EmailKey) {
        if let Some(at) = self.known.find(key) {
            self.known.stay(at);
        }
    }

    /// A run that is not settled yet sends somebody as something: what was sent before says nothing now.
    pub(super) fn is_being_sent(&mut self, key: EmailKey) {
        if let Some(at) = self.known.find(key) {
            self.known.forget_what_was_sent(at);
        }
    }

    /// A run that is not settled yet takes tags from somebody.
    pub(super) fn is_losing(&mut self, key: EmailKey, tags: TagSet) {
        if let Some(at) = self.known.find(key) {
            self.known.set_tags(at, self.known.tags(at).without(tags));
        }
    }

    /// Members, in the order of the snapshot, with the tags that they have and are not to have. What the source does
    /// not have is to have none.
    pub(super) fn surplus(&self) -> impl Iterator<Item = TagSet> {
        let of = |at| if self.known.is_staying(at) { TagSet::default() } else { self.known.tags(at) };
        self.known.everybody().map(of)
    }
}
