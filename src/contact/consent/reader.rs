//! Consent, bound to the columns of one file.

use std::{borrow::Cow, net::IpAddr};

use jiff::Timestamp;

use super::{
    Channel, ChannelConsent, Channels, Consent, ConsentMapping, Proof, Said, Statement, Status, date,
};
use crate::{contact::OnInvalid, source::Row};

/// Reads what rows say of consent.
#[derive(Debug)]
pub(crate) struct ConsentReader<'m> {
    channels: Channels<Option<Bound<'m>>>,
    /// When the run was started: no consent was given later.
    now: Timestamp,
}

#[derive(Debug)]
struct Bound<'m> {
    consent: &'m ChannelConsent,
    column: usize,
    date: usize,
    ip: Option<usize>,
    user_agent: Option<usize>,
}

/// A value that the export says nothing of.
const UNLISTED: &str = "not in the export's lists";

/// How many cells nobody understood, by channel.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct ConsentWarnings(Channels<Counts>);

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Counts {
    values: u64,
    dates: u64,
    ips: u64,
}

impl<'m> ConsentReader<'m> {
    /// Finds the columns, by `find`.
    pub(crate) fn bind(
        mapping: &'m ConsentMapping,
        now: Timestamp,
        mut find: impl FnMut(&str) -> usize,
    ) -> Self {
        let mut bind = |consent: &'m Option<ChannelConsent>| {
            consent.as_ref().map(|consent| Bound {
                consent,
                column: find(&consent.column),
                date: find(&consent.date),
                ip: consent.ip.as_deref().map(&mut find),
                user_agent: consent.user_agent.as_deref().map(&mut find),
            })
        };
        Self { channels: Channels { email: bind(&mapping.email), sms: bind(&mapping.sms) }, now }
    }

    /// What a row says.
    pub(crate) fn read<'a>(&'a self, row: &'a Row, warnings: &mut ConsentWarnings) -> Channels<Consent<'a>> {
        let mut read = Channels::default();
        for channel in Channel::ALL {
            if let Some(bound) = self.channels.of(channel) {
                *read.of_mut(channel) = bound.read(row, self.now, warnings.0.of_mut(channel));
            }
        }
        read
    }

    /// The first cell of a row that nobody understood and that makes it invalid: what a person calls it, and why.
    pub(crate) fn refused(&self, of_row: &ConsentWarnings) -> Option<(String, &'static str)> {
        let is_strict = |channel: Channel| {
            let bound = self.channels.of(channel).as_ref();
            bound.is_some_and(|bound| bound.consent.on_invalid == OnInvalid::RejectRow)
        };
        // Nearly every row has none.
        if *of_row == ConsentWarnings::default() {
            return None;
        }
        let strict = Channel::ALL.into_iter().filter(|channel| is_strict(*channel));
        strict
            .flat_map(|channel| of_row.of(channel))
            .find(|(.., count)| *count > 0)
            .map(|(cell, why, _)| (cell, why))
    }
}

impl Bound<'_> {
    fn read<'a>(&'a self, row: &'a Row, now: Timestamp, warnings: &mut Counts) -> Consent<'a> {
        let cell = row.cell(self.column);
        if cell.is_empty() {
            return Consent::default();
        }
        let Some(status) = self.consent.status(cell) else {
            warnings.values += 1;
            return Consent::default();
        };
        let cell = row.cell(self.date);
        let at = date::given(cell, self.consent.date_format.as_ref(), now);
        warnings.dates += u64::from(at.is_none() && !cell.is_empty());
        let said = match (status, at) {
            // An opt-out needs no date and no permission.
            (Status::Unsubscribed, at) => Said::Status(Statement { status, at }),
            (_, None) => Said::Undated,
            (_, Some(_)) if !self.consent.may_subscribe => Said::HeldBack,
            (_, at) => Said::Status(Statement { status, at }),
        };
        let subscribes = matches!(said, Said::Status(Statement { status: Status::Subscribed, .. }));
        let proof = at.filter(|_| subscribes).map(|created_at| Proof {
            source: Cow::Borrowed(self.consent.source.as_str()),
            created_at,
            ip: self.ip.and_then(|column| ip(row.cell(column), warnings)),
            user_agent: self
                .user_agent
                .map(|column| row.cell(column))
                .filter(|cell| !cell.is_empty())
                .map(Cow::Borrowed),
        });
        Consent { said, proof }
    }
}

fn ip<'a>(cell: &'a str, warnings: &mut Counts) -> Option<Cow<'a, str>> {
    if cell.is_empty() {
        return None;
    }
    let is_address = cell.parse::<IpAddr>().is_ok();
    warnings.ips += u64::from(!is_address);
    is_address.then_some(Cow::Borrowed(cell))
}

impl ConsentWarnings {
    /// Counts a row's warnings too.
    pub(crate) fn add(&mut self, of_row: &Self) {
        for channel in Channel::ALL {
            let (all, more) = (self.0.of_mut(channel), of_row.0.of(channel));
            all.values += more.values;
            all.dates += more.dates;
            all.ips += more.ips;
        }
    }

    /// The warnings by what a person calls the cell, `consent.email.date`, each with its reason and how many.
    pub(crate) fn named(&self) -> impl Iterator<Item = (String, String, u64)> {
        let named = Channel::ALL.into_iter().flat_map(|channel| self.of(channel));
        named.map(|(cell, reason, count)| {
            let then = if reason == UNLISTED { "; the status stays as it is" } else { "" };
            (cell, format!("{reason}{then}"), count)
        })
    }

    fn of(&self, channel: Channel) -> [(String, &'static str, u64); 3] {
        let (key, counts) = (channel.key(), self.0.of(channel));
        [
            ("", UNLISTED, counts.values),
            (".date", "no day from 1990 to that of the run, or not written as `format` says", counts.dates),
            (".ip", "not an IP address", counts.ips),
        ]
        .map(|(cell, reason, count)| (format!("consent.{key}{cell}"), reason, count))
    }
}
