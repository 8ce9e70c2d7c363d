//! The contacts that are in several segments of an export. They are found before the first contact is written, so that
//! each is sent once, with all of its tags.

use std::collections::HashMap;

use crate::{
    contact::{ContactHash, EmailKey},
    run::TagSet,
};

/// What the segments after the first contain about an address.
#[derive(Debug, Clone, Copy)]
struct Entry {
    tags: TagSet,
    /// The hash of the contact in the first of these segments.
    hash: ContactHash,
    /// Whether another of these segments has a different contact.
    differs: bool,
    /// The segments in which the contact has been read.
    met_in: TagSet,
}

/// The addresses of all segments but the first. The table grows by doubling, so an address takes 56 to 112 bytes.
#[derive(Debug, Default)]
pub(crate) struct Overlap(HashMap<EmailKey, Entry>);

/// What the segments after the first add to a contact.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct InOthers {
    pub tags: TagSet,
    /// Whether one of these segments has a different contact.
    pub differs: bool,
}

impl Overlap {
    /// Adds a contact of a segment. Within a segment only the first row of an address counts.
    pub(crate) fn add(&mut self, key: EmailKey, tag: TagSet, hash: ContactHash) {
        let first = Entry { tags: tag, hash, differs: false, met_in: TagSet::default() };
        let entry = self.0.entry(key).or_insert(first);
        if !entry.tags.holds(tag) {
            entry.tags = entry.tags.with(tag);
            entry.differs |= entry.hash != hash;
        }
    }

    /// Records that a contact was read in a segment. Returns true if the segment is not the first one and this is the
    /// contact's first row in it.
    pub(crate) fn meet(&mut self, key: EmailKey, tag: TagSet) -> bool {
        let Some(entry) = self.0.get_mut(&key).filter(|entry| entry.tags.holds(tag)) else { return false };
        let is_first = !entry.met_in.holds(tag);
        entry.met_in = entry.met_in.with(tag);
        is_first
    }

    /// Returns what the segments after the first add to a contact with this hash.
    pub(crate) fn of(&self, key: EmailKey, hash: ContactHash) -> InOthers {
        let in_others =
            |entry: &Entry| InOthers { tags: entry.tags, differs: entry.differs || entry.hash != hash };
        self.0.get(&key).map(in_others).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contact_in_several_segments_has_all_their_tags() {
        let (ada, bo) = (EmailKey::of("ada@example.com"), EmailKey::of("bo@example.com"));
        let (b, c) = (TagSet::of(1), TagSet::of(2));
        let mut overlap = Overlap::default();
        overlap.add(ada, b, ContactHash(1));
        overlap.add(ada, b, ContactHash(9));
        overlap.add(ada, c, ContactHash(1));
        overlap.add(bo, b, ContactHash(1));
        overlap.add(bo, c, ContactHash(2));
        let in_both = |differs| InOthers { tags: b.with(c), differs };
        assert_eq!(
            overlap.of(ada, ContactHash(1)),
            in_both(false),
            "a duplicate within a segment is not a difference"
        );
        assert_eq!(overlap.of(ada, ContactHash(2)), in_both(true));
        assert_eq!(overlap.of(bo, ContactHash(1)), in_both(true));
        assert!(overlap.meet(ada, b) && !overlap.meet(ada, b) && overlap.meet(ada, c));
        assert!(!overlap.meet(ada, TagSet::of(0)), "the first segment");
        assert_eq!(overlap.of(EmailKey::of("cy@example.com"), ContactHash(1)), InOthers::default());
    }
}
