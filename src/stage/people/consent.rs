//! The consent of an address with several rows: the first row becomes the contact, but an opt-out in any row wins.
//!
//! The rows are read once. When a later row opts out, the contact may already be in a finished chunk: such opt-outs are
//! collected, and written into the chunks after the last row is read. An invalid row with a usable address can opt out
//! too.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use super::{
    opt_outs::{OptOut, OptOuts},
    seen::Note,
};
use crate::{
    contact::{
        Channel, Channels, Consent, ConsentMapping, ConsentStatus, EmailKey, PreparedContact, Statement,
        Status, latest_opt_out, status_to_send,
    },
    run::ConsentCounts,
};

/// The consent that a run sends, with counts that are exact after every row.
#[derive(Debug)]
pub(crate) struct Ledger {
    /// The channels that the export maps.
    counts: BTreeMap<Channel, ConsentCounts>,
    /// Opt-outs of addresses that have no contact yet.
    early: OptOuts,
    /// Opt-outs of contacts that are already in a chunk.
    late: OptOuts,
}

impl Ledger {
    pub(crate) fn new(mapping: &ConsentMapping) -> Self {
        let mapped = Channel::ALL.into_iter().filter(|channel| mapping.of(*channel).is_some());
        let counts = mapped.map(|channel| (channel, ConsentCounts::default())).collect();
        Self { counts, early: OptOuts::default(), late: OptOuts::default() }
    }

    /// Replaces a contact's consent with the consent that may be sent. `known` is the consent that was last sent for
    /// its address.
    pub(crate) fn restrict(
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
                // The consent that was last sent is stricter and newer.
                None if consent.status.statement().is_some() => {
                    *consent = Consent { status: ConsentStatus::HeldBack, proof: None };
                }
                Some(_) | None => {}
            }
        }
    }

    /// Counts a contact that was written to a chunk, and returns the note to keep with its address.
    pub(crate) fn count_sent(&mut self, contact: &PreparedContact<'_>) -> Note {
        let mut note = if contact.phone.is_some() { SENT | HAS_PHONE } else { SENT };
        for (channel, counts) in &mut self.counts {
            let status = match contact.consent.of(*channel).status {
                _ if *channel == Channel::Sms && contact.phone.is_none() => ConsentStatus::Unstated,
                status => status,
            };
            let code = Code::of(status);
            code.count(counts, 1);
            note |= code.noted(*channel);
        }
        note
    }

    /// Records the opt-outs of a later row of an address, and returns the address's new note.
    pub(crate) fn later_row(
        &mut self,
        key: EmailKey,
        note: Note,
        stated: &Channels<Consent<'_>>,
        known: &Channels<Option<Statement>>,
    ) -> Note {
        let mut new = note;
        if note & SENT == 0 {
            return note;
        }
        for (channel, counts) in &mut self.counts {
            let Some(opt_out) = stated.of(*channel).status.opt_out() else { continue };
            if *channel == Channel::Sms && note & HAS_PHONE == 0 {
                continue;
            }
            let before = known.of(*channel).filter(|known| known.status == Status::Unsubscribed);
            let statement = latest_opt_out(Some(opt_out), before).unwrap_or(opt_out);
            self.late.add(OptOut { key, channel: *channel, statement });
            Code::read(note, *channel).count(counts, -1);
            Code::Unsubscribed.count(counts, 1);
            new = (new & !Code::mask(*channel)) | Code::Unsubscribed.noted(*channel);
        }
        new
    }

    /// Records the opt-outs of a row that does not become a contact. Only for addresses that have no contact yet.
    pub(crate) fn row_without_contact(&mut self, key: EmailKey, stated: &Channels<Consent<'_>>) {
        for channel in self.counts.keys() {
            if let Some(statement) = stated.of(*channel).status.opt_out() {
                self.early.add(OptOut { key, channel: *channel, statement });
            }
        }
    }

    /// The note of an address whose contact is too large to be sent.
    pub(crate) const NOT_SENT: Note = HAS_PHONE;

    /// Records an opt-out that an unsettled run sends.
    pub(crate) fn add_pending(&mut self, opt_out: OptOut) {
        if self.counts.contains_key(&opt_out.channel) {
            self.early.add(opt_out);
        }
    }

    /// Returns the counts by channel, and the opt-outs to write into the chunks.
    pub(crate) fn finish(self) -> (BTreeMap<Channel, ConsentCounts>, OptOuts) {
        (self.counts, self.late)
    }

    /// Whether the export maps consent.
    pub(crate) fn is_used(&self) -> bool {
        !self.counts.is_empty()
    }
}

/// A note's bit: the contact is in a chunk.
const SENT: Note = 1 << 7;
/// A note's bit: the contact has a phone. Without a phone there is no identifier to attach SMS consent to.
const HAS_PHONE: Note = 1 << 6;

/// The consent that was sent for a channel, in three bits of a note.
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

    fn of(status: ConsentStatus) -> Self {
        match status {
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
