//! Consent over all rows of an address: the first row is taken, but an opt-out in any of them wins.
//!
//! The rows are read once. The taken row may be in a chunk that is written already when the opt-out comes: such
//! opt-outs are collected, and put into their chunks when the last row is read. A row that is refused, though its
//! address is one, may opt out too.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;

use super::seen::Note;
use crate::{
    contact::{
        Channel, Channels, Consent, ConsentMapping, ConsentStatus, EmailKey, PreparedContact, Statement,
        Status, latest_opt_out, status_to_send,
    },
    run::ConsentCounts,
};

/// The opt-outs of rows that were not taken, by address: 48 bytes each, and there are few.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct OptOuts(HashMap<EmailKey, Channels<i64>>);

/// No opt-out of a channel, and one without a date. Others are seconds.
const NONE: i64 = i64::MIN;
const UNDATED: i64 = i64::MAX;

impl OptOuts {
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn holds(&self, key: EmailKey) -> bool {
        self.0.contains_key(&key)
    }

    /// An address's opt-out of a channel.
    pub(super) fn of(&self, key: EmailKey, channel: Channel) -> Option<Statement> {
        let at = match *self.0.get(&key)?.of(channel) {
            NONE => return None,
            UNDATED => None,
            seconds => Timestamp::from_second(seconds).ok(),
        };
        Some(Statement { status: Status::Unsubscribed, at })
    }

    fn add(&mut self, key: EmailKey, channel: Channel, opt_out: Statement) {
        let latest = latest_opt_out(self.of(key, channel), Some(opt_out)).and_then(|latest| latest.at);
        let entry = self.0.entry(key).or_insert(Channels { email: NONE, sms: NONE });
        *entry.of_mut(channel) = latest.map_or(UNDATED, Timestamp::as_second);
    }
}

/// What a run sends of consent, kept exact while rows are read.
#[derive(Debug)]
pub(super) struct Ledger {
    /// Of the channels that the export maps.
    counts: BTreeMap<Channel, ConsentCounts>,
    /// Opt-outs of addresses that no row was taken of yet.
    early: OptOuts,
    /// Opt-outs of contacts that are written.
    late: OptOuts,
}

impl Ledger {
    pub(super) fn new(mapping: &ConsentMapping) -> Self {
        let mapped = Channel::ALL.into_iter().filter(|channel| mapping.of(*channel).is_some());
        let counts = mapped.map(|channel| (channel, ConsentCounts::default())).collect();
        Self { counts, early: OptOuts::default(), late: OptOuts::default() }
    }

    /// A contact's row, before it is written: leaves in it what may be sent.
    pub(super) fn taken(
        &self,
        key: EmailKey,
        contact: &mut PreparedContact<'_>,
        known: &Channels<Option<Statement>>,
    ) {
        for channel in self.counts.keys() {
            let consent = contact.consent.of_mut(*channel);
            let opt_out = self.early.of(key, *channel);
            match status_to_send(consent.status.statement(), opt_out, *known.of(*channel)) {
                Some(sent) if consent.status != ConsentStatus::Stated(sent) => {
                    *consent = Consent { status: ConsentStatus::Stated(sent), proof: None };
                }
                // Something stricter was sent before, and is newer.
                None if consent.status.statement().is_some() => {
                    *consent = Consent { status: ConsentStatus::HeldBack, proof: None };
                }
                Some(_) | None => {}
            }
        }
    }

    /// A contact that was written. Answers with what is to be noted of it.
    pub(super) fn sent(&mut self, contact: &PreparedContact<'_>) -> Note {
        let mut note = if contact.phone.is_some() { SENT | HAS_PHONE } else { SENT };
        for (channel, counts) in &mut self.counts {
            let said = match contact.consent.of(*channel).status {
                _ if *channel == Channel::Sms && contact.phone.is_none() => ConsentStatus::Unstated,
                said => said,
            };
            let code = Code::of(said);
            code.count(counts, 1);
            note |= code.noted(*channel);
        }
        note
    }

    /// A row of an address that was taken before, of which `note` was noted. Answers with the new note.
    pub(super) fn again(
        &mut self,
        key: EmailKey,
        note: Note,
        said: &Channels<Consent<'_>>,
        known: &Channels<Option<Statement>>,
    ) -> Note {
        let mut new = note;
        if note & SENT == 0 {
            return note;
        }
        for (channel, counts) in &mut self.counts {
            let Some(opt_out) = said.of(*channel).status.opt_out() else { continue };
            if *channel == Channel::Sms && note & HAS_PHONE == 0 {
                continue;
            }
            let before = known.of(*channel).filter(|known| known.status == Status::Unsubscribed);
            self.late.add(key, *channel, latest_opt_out(Some(opt_out), before).unwrap_or(opt_out));
            Code::read(note, *channel).count(counts, -1);
            Code::Unsubscribed.count(counts, 1);
            new = (new & !Code::mask(*channel)) | Code::Unsubscribed.noted(*channel);
        }
        new
    }

    /// A row that was refused, of an address that no row was taken of.
    pub(super) fn refused(&mut self, key: EmailKey, said: &Channels<Consent<'_>>) {
        for channel in self.counts.keys() {
            if let Some(opt_out) = said.of(*channel).status.opt_out() {
                self.early.add(key, *channel, opt_out);
            }
        }
    }

    /// What is noted of an address whose row is too large to be sent.
    pub(super) const NOT_SENT: Note = HAS_PHONE;

    /// An opt-out that a run is sending which is not settled yet.
    pub(super) fn is_being_sent(&mut self, key: EmailKey, channel: Channel, opt_out: Statement) {
        if self.counts.contains_key(&channel) {
            self.early.add(key, channel, opt_out);
        }
    }

    /// The counts by channel, and what is to be put into the chunks.
    pub(super) fn finish(self) -> (BTreeMap<Channel, ConsentCounts>, OptOuts) {
        (self.counts, self.late)
    }

    /// Whether the export maps any consent.
    pub(super) fn is_kept(&self) -> bool {
        !self.counts.is_empty()
    }
}

/// The contact is in a chunk.
const SENT: Note = 1 << 7;
/// It has a phone, without which there is nothing to text to.
const HAS_PHONE: Note = 1 << 6;

/// What was sent of a channel, in three bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Code {
    Nothing,
    Subscribed,
    NonSubscribed,
    Unsubscribed,
    HeldBack,
    Undated,
}

impl Code {
    const ALL: [Self; 6] = [
        Self::Nothing,
        Self::Subscribed,
        Self::NonSubscribed,
        Self::Unsubscribed,
        Self::HeldBack,
        Self::Undated,
    ];

    fn of(said: ConsentStatus) -> Self {
        match said {
            ConsentStatus::Unstated => Self::Nothing,
            ConsentStatus::Undated => Self::Undated,
            ConsentStatus::HeldBack => Self::HeldBack,
            ConsentStatus::Stated(Statement { status: Status::Subscribed, .. }) => Self::Subscribed,
            ConsentStatus::Stated(Statement { status: Status::NonSubscribed, .. }) => Self::NonSubscribed,
            ConsentStatus::Stated(Statement { status: Status::Unsubscribed, .. }) => Self::Unsubscribed,
        }
    }

    fn shift(channel: Channel) -> u32 {
        match channel {
            Channel::Email => 0,
            Channel::Sms => 3,
        }
    }

    fn mask(channel: Channel) -> Note {
        0b111 << Self::shift(channel)
    }

    fn noted(self, channel: Channel) -> Note {
        (self as Note) << Self::shift(channel)
    }

    fn read(note: Note, channel: Channel) -> Self {
        Self::ALL
            .into_iter()
            .find(|code| code.noted(channel) == note & Self::mask(channel))
            .unwrap_or(Self::Nothing)
    }

    fn count(self, counts: &mut ConsentCounts, by: i64) {
        let add = |count: &mut u64| *count = count.saturating_add_signed(by);
        match self {
            Self::Subscribed => add(&mut counts.subscribed),
            Self::NonSubscribed => add(&mut counts.non_subscribed),
            Self::Unsubscribed => add(&mut counts.unsubscribed),
            Self::Nothing => add(&mut counts.untouched),
            Self::HeldBack => {
                add(&mut counts.untouched);
                add(&mut counts.held_back);
            }
            Self::Undated => {
                add(&mut counts.untouched);
                add(&mut counts.undated);
            }
        }
    }
}
