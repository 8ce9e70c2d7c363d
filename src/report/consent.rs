//! The consent that a run sends, for the page and the text.

use crate::{
    contact::Channel,
    run::{ConsentCounts, Report},
    wording::{counted, number},
};

/// The counts of one channel.
#[derive(Debug)]
pub(super) struct ChannelLine {
    /// The channel's name for people.
    pub channel: &'static str,
    /// They add up to the number of contacts.
    pub counts: [StatusCount; 4],
    /// Why some statuses were not sent, and what to do.
    pub note: Option<String>,
}

/// How many contacts are sent with a status.
#[derive(Debug)]
pub(super) struct StatusCount {
    pub status: &'static str,
    pub count: String,
}

/// Returns the counts of each channel. Empty if the export maps no consent.
pub(super) fn lines(report: &Report) -> Vec<ChannelLine> {
    report.consent.iter().map(|(channel, counts)| line(*channel, counts)).collect()
}

fn line(channel: Channel, counts: &ConsentCounts) -> ChannelLine {
    let (channel, table) = match channel {
        Channel::Email => ("email", "consent.email"),
        Channel::Sms => ("SMS", "consent.sms"),
    };
    let undated = || format!("{} a status without a valid date", counted(counts.undated, "has", "have"));
    let held_back = || {
        format!(
            "{} a status that is not sent because [{table}] does not set may_subscribe = true",
            counted(counts.held_back, "has", "have")
        )
    };
    let note = match (counts.undated, counts.held_back) {
        (0, 0) => None,
        (0, _) => Some(held_back()),
        (_, 0) => Some(undated()),
        _ => Some(format!("{}, and {}", undated(), held_back())),
    };
    let statuses = [
        ("subscribed", counts.subscribed),
        ("unsubscribed", counts.unsubscribed),
        ("non-subscribed", counts.non_subscribed),
        ("untouched", counts.untouched),
    ];
    let counts = statuses.map(|(status, n)| StatusCount { status, count: number(n) });
    ChannelLine { channel, counts, note }
}
