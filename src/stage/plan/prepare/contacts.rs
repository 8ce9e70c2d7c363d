//! Decides for each contact whether it is sent, unchanged or a duplicate, and counts it.

use super::{
    error::PrepareError,
    input::{People, Rules},
    output::{Output, Sink},
};
use crate::stage::plan::prepare::rejected::Spot;
use crate::{
    contact::{self, ContactHash, Mapper},
    run::{Origin, Place, Planned, RejectedLine, TagSet},
    stage::people::{Ledger, Occurrence, Overlap, Person, Roster},
};
use segment_files::Row;

type Contact<'a> = contact::PreparedContact<'a>;

/// The contacts of a run so far.
pub(super) struct Contacts<'a, S> {
    pub output: Output<'a, S>,
    pub roster: Roster,
    pub overlap: Overlap,
    pub ledger: Ledger,
    pub planned: Planned,
    /// The number of contacts with each tag.
    pub with_tag: [u64; TagSet::MAX],
    /// The number of contacts in several segments.
    pub overlapping: u64,
    /// Of those, the number whose data differs between segments.
    pub conflicting: u64,
    /// A buffer that is reused for every contact.
    scratch: Vec<u8>,
}

impl<'a, S: Sink> Contacts<'a, S> {
    pub(super) fn new(
        sink: &'a mut S,
        rules: Rules<'_>,
        people: People,
        overlap: Overlap,
    ) -> Result<Self, PrepareError> {
        Ok(Self {
            output: Output::new(sink, rules.chunk_contacts)?,
            roster: people.roster,
            overlap,
            ledger: people.ledger,
            planned: Planned::default(),
            with_tag: [0; TagSet::MAX],
            overlapping: 0,
            conflicting: 0,
            scratch: Vec::new(),
        })
    }

    /// Adds the contact of a row.
    pub(super) fn add(
        &mut self,
        spot: &Spot<'_>,
        mut contact: Contact<'_>,
        email: &str,
    ) -> Result<(), PrepareError> {
        let (at, tag) = (spot.at, spot.tag);
        let key = contact.key();
        let hash = contact.hash(&mut self.scratch);
        let others = self.overlap.of(key, hash);
        let person = match self.roster.meet(key) {
            Occurrence::First(person) => {
                self.overlap.meet(key, tag);
                person
            }
            Occurrence::Repeated(person) => {
                self.later_row(at, person, &contact)?;
                // A contact's first row in another segment is a duplicate without a line in the rejects: the contact
                // already has that segment's tag.
                if self.overlap.meet(key, tag) {
                    self.planned.duplicate += 1;
                    return Ok(());
                }
                return self.duplicate(spot, email);
            }
        };
        let tags = tag.with(others.tags);
        self.overlapping += u64::from(tags != tag);
        self.conflicting += u64::from(others.differs && tags != tag);
        for place in tags.places() {
            if let Some(count) = self.with_tag.get_mut(place) {
                *count += 1;
            }
        }
        self.ledger.restrict(key, &mut contact, &self.roster.consent(person));
        if self.roster.is_unchanged(person, &contact, hash, tags) {
            self.roster.assign_tags(person, tags);
            self.planned.unchanged += 1;
            return Ok(());
        }
        let known_tags = self.roster.assign_tags(person, tags);
        let origin = Origin { at, hash, tags, known_tags };
        if let Err(too_large) = self.output.contact(origin, &contact)? {
            self.roster.set_note(person, key, Ledger::NOT_SENT);
            return self.invalid(&spot.invalid("too_large", too_large.to_string(), email));
        }
        self.count_sent(person, &contact);
        Ok(())
    }

    /// Counts a contact that is in a chunk.
    fn count_sent(&mut self, person: Person, contact: &Contact<'_>) {
        self.planned.sent += 1;
        if self.ledger.is_used() {
            self.roster.set_note(person, contact.key(), self.ledger.count_sent(contact));
        }
    }

    /// Records the opt-outs of a later row of a person.
    fn later_row(&mut self, at: Place, person: Person, contact: &Contact<'_>) -> Result<(), PrepareError> {
        if !self.ledger.is_used() {
            return Ok(());
        }
        let key = contact.key();
        let note = self.roster.note(person, key);
        if note != 0 {
            let known = self.roster.consent(person);
            self.roster.set_note(person, key, self.ledger.later_row(key, note, &contact.consent, &known));
            return Ok(());
        }
        // The first row was unchanged and is in no chunk: the opt-out is sent on its own.
        let known = self.roster.consent(person);
        let Some(mut alone) = contact.only_opt_outs() else { return Ok(()) };
        alone.remove_known_opt_outs(&known);
        let Some(alone) = alone.only_opt_outs() else { return Ok(()) };
        let origin = Origin {
            at,
            // The next run sends the whole contact.
            hash: ContactHash::NONE,
            tags: TagSet::default(),
            known_tags: TagSet::default(),
        };
        // An address and a phone are never too large.
        if self.output.contact(origin, &alone)?.is_ok() {
            self.planned.unchanged -= 1;
            self.count_sent(person, &alone);
        }
        Ok(())
    }

    /// Records the opt-outs of a row that does not become a contact but has a usable address.
    pub(super) fn opt_out(&mut self, at: Place, mapper: &Mapper<'_>, row: &Row) -> Result<(), PrepareError> {
        let Some(contact) = mapper.consent(row).filter(|_| self.ledger.is_used()) else { return Ok(()) };
        let key = contact.key();
        if let Some(person) = self.roster.find_met(key) {
            return self.later_row(at, person, &contact);
        }
        self.ledger.row_without_contact(key, &contact.consent);
        Ok(())
    }

    pub(super) fn invalid(&mut self, line: &RejectedLine) -> Result<(), PrepareError> {
        self.planned.invalid += 1;
        self.output.refuse(line)
    }

    fn duplicate(&mut self, spot: &Spot<'_>, email: &str) -> Result<(), PrepareError> {
        self.planned.duplicate += 1;
        self.output.refuse(&spot.duplicate(email))
    }
}
