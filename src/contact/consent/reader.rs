//! Reads the consent columns of one file.

use std::{borrow::Cow, net::IpAddr};

use jiff::Timestamp;

use super::{
    channel::{Channel, Channels},
    date,
    invalid::{InvalidConsent, Reason},
    mapping::{ChannelConsent, ConsentMapping},
    row::{Consent, ConsentStatus, Proof},
    status::{Statement, Status},
};
use crate::contact::{clean, policy::OnInvalid};
use segment_files::Row;

/// Reads rows' consent.
#[derive(Debug)]
pub(crate) struct ConsentReader<'m> {
    channels: Channels<Option<ChannelReader<'m>>>,
    /// The start of the run: no consent was given more than 24 hours later.
    now: Timestamp,
}

/// A channel's consent, with the positions of its columns.
#[derive(Debug)]
struct ChannelReader<'m> {
    consent: &'m ChannelConsent,
    column: usize,
    date: usize,
    ip: Option<usize>,
    user_agent: Option<usize>,
}

impl<'m> ConsentReader<'m> {
    /// Binds the mapping to a file. `find` returns a column's position.
    pub(crate) fn bind(
        mapping: &'m ConsentMapping,
        now: Timestamp,
        mut find: impl FnMut(&str) -> usize,
    ) -> Self {
        let mut bind = |consent: &'m Option<ChannelConsent>| {
            consent.as_ref().map(|consent| ChannelReader {
                consent,
                column: find(&consent.column),
                date: find(&consent.date),
                ip: consent.ip.as_deref().map(&mut find),
                user_agent: consent.user_agent.as_deref().map(&mut find),
            })
        };
        Self { channels: Channels { email: bind(&mapping.email), sms: bind(&mapping.sms) }, now }
    }

    /// Returns a row's consent, and adds its invalid cells to `invalid`.
    pub(crate) fn read<'a>(
        &'a self,
        row: &'a Row,
        invalid: &mut Vec<InvalidConsent>,
    ) -> Channels<Consent<'a>> {
        let mut read = Channels::default();
        for channel in Channel::ALL {
            if let Some(reader) = self.channels.of(channel) {
                let refuse = |reason| invalid.push(InvalidConsent { channel, reason });
                *read.of_mut(channel) = reader.read(row, self.now, refuse);
            }
        }
        read
    }

    /// Whether such a cell makes its row invalid.
    pub(crate) fn rejects_row(&self, invalid: InvalidConsent) -> bool {
        let reader = self.channels.of(invalid.channel).as_ref();
        reader.is_some_and(|reader| reader.consent.on_invalid == OnInvalid::RejectRow)
    }
}

impl ChannelReader<'_> {
    fn read<'a>(&'a self, row: &'a Row, now: Timestamp, mut refuse: impl FnMut(Reason)) -> Consent<'a> {
        let cell = clean::cell(row, self.column);
        if cell.is_empty() {
            return Consent::default();
        }
        let Some(status) = self.consent.status(&cell) else {
            refuse(Reason::Value);
            return Consent::default();
        };
        let cell = clean::cell(row, self.date);
        let at = date::given_at(&cell, self.consent.date_format.as_ref(), now);
        if at.is_none() && !cell.is_empty() {
            refuse(Reason::Date);
        }
        let status = match (status, at) {
            // An opt-out needs neither a date nor permission.
            (Status::Unsubscribed, at) => ConsentStatus::Stated(Statement { status, at }),
            (_, None) => ConsentStatus::Undated,
            (_, Some(_)) if !self.consent.may_subscribe => ConsentStatus::HeldBack,
            (_, at) => ConsentStatus::Stated(Statement { status, at }),
        };
        let subscribes = status.statement().is_some_and(|statement| statement.status == Status::Subscribed);
        let proof = at.filter(|_| subscribes).map(|created_at| Proof {
            source: Cow::Borrowed(self.consent.source.as_str()),
            created_at,
            ip: self.ip.and_then(|column| ip(row.cell(column), refuse)),
            user_agent: self
                .user_agent
                .map(|column| row.cell(column))
                .filter(|cell| !cell.is_empty())
                .map(Cow::Borrowed),
        });
        Consent { status, proof }
    }
}

fn ip(cell: &str, mut refuse: impl FnMut(Reason)) -> Option<Cow<'_, str>> {
    if cell.is_empty() {
        return None;
    }
    if cell.parse::<IpAddr>().is_err() {
        refuse(Reason::Ip);
        return None;
    }
    Some(Cow::Borrowed(cell))
}
