//! Who is in several segments of an export: found out before the first contact is written, so that it is sent once, with
//! all of its tags.

use std::collections::HashMap;

use super::prepare::{Input, PrepareError, Rules};
use crate::{
    contact::{ContactHash, EmailKey, Mapper, Programs, Warnings},
    run::TagSet,
    source::{Row, SourceError},
};

/// What the segments after the first have of an address: some 50 bytes each.
#[derive(Debug, Clone, Copy)]
struct Entry {
    tags: TagSet,
    /// What the first of them that has it says.
    hash: ContactHash,
    /// Whether they say different things.
    differs: bool,
    /// Of the segments, those in which the contact was met.
    passed: TagSet,
}

/// The addresses of all segments but the first.
#[derive(Debug, Default)]
pub(super) struct Overlap(HashMap<EmailKey, Entry>);

impl Overlap {
    /// Reads the segments after the first. An error comes with the file that it is about.
    pub(super) fn look_ahead(
        inputs: &[Input<'_>],
        rules: Rules<'_>,
        programs: &Programs,
    ) -> Result<Self, (usize, PrepareError)> {
        let mut overlap = Self::default();
        let first = inputs.first().map(|input| input.tag);
        for (n, input) in inputs.iter().enumerate().filter(|(_, input)| Some(input.tag) != first) {
            overlap.read(input, rules, programs).map_err(|error| (n, error))?;
        }
        Ok(overlap)
    }

    fn read(&mut self, input: &Input<'_>, rules: Rules<'_>, programs: &Programs) -> Result<(), PrepareError> {
        let Some(mut rows) = input.open(rules.export)? else { return Ok(()) };
        let mapper = Mapper::bind(rules.export.mapping(), programs, rows.header(), rules.now)
            .map_err(SourceError::Columns)?;
        let (mut row, mut warnings, mut scratch) = (Row::default(), Warnings::default(), Vec::new());
        while let Some(readable) = rows.next(&mut row)? {
            // What is wrong with a row is said when it is read again.
            if let (Ok(()), Ok(Some(contact))) = (readable, mapper.contact(&row, &mut warnings)) {
                self.add(contact.key(), input.tag, contact.hash(&mut scratch));
            }
        }
        Ok(())
    }

    /// A segment has a contact.
    fn add(&mut self, key: EmailKey, tag: TagSet, hash: ContactHash) {
        let entry =
            self.0.entry(key).or_insert(Entry { tags: tag, hash, differs: false, passed: TagSet::default() });
        // Within a segment the first row counts, and says nothing of the others.
        if !entry.tags.holds(tag) {
            entry.tags = entry.tags.with(tag);
            entry.differs |= entry.hash != hash;
        }
    }

    /// A contact is met in a segment. Whether it is the first time, in one of those that were looked ahead in.
    pub(super) fn pass(&mut self, key: EmailKey, tag: TagSet) -> bool {
        let Some(entry) = self.0.get_mut(&key).filter(|entry| entry.tags.holds(tag)) else { return false };
        let is_first = !entry.passed.holds(tag);
        entry.passed = entry.passed.with(tag);
        is_first
    }

    /// The tags that these segments give, and whether what they say differs from `hash`.
    pub(super) fn of(&self, key: EmailKey, hash: ContactHash) -> (TagSet, bool) {
        self.0
            .get(&key)
            .map_or_else(Default::default, |entry| (entry.tags, entry.differs || entry.hash != hash))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contact_of_several_segments_has_all_their_tags() {
        let (ada, bo) = (EmailKey::of("ada@example.com"), EmailKey::of("bo@example.com"));
        let (b, c) = (TagSet::of(1), TagSet::of(2));
        let mut overlap = Overlap::default();
        overlap.add(ada, b, ContactHash(1));
        overlap.add(ada, b, ContactHash(9));
        overlap.add(ada, c, ContactHash(1));
        overlap.add(bo, b, ContactHash(1));
        overlap.add(bo, c, ContactHash(2));
        assert_eq!(
            overlap.of(ada, ContactHash(1)),
            (b.with(c), false),
            "a duplicate in a segment is no conflict"
        );
        assert_eq!(overlap.of(ada, ContactHash(2)), (b.with(c), true));
        assert_eq!(overlap.of(bo, ContactHash(1)), (b.with(c), true));
        assert!(overlap.pass(ada, b) && !overlap.pass(ada, b) && overlap.pass(ada, c));
        assert!(!overlap.pass(ada, TagSet::of(0)), "the first segment");
        assert_eq!(overlap.of(EmailKey::of("cy@example.com"), ContactHash(1)), (TagSet::default(), false));
    }
}
