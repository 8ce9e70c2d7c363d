//! What a run sends of consent, in the words of both reports.

use super::words::{count, counted};
use crate::{
    contact::Channel,
    run::{ConsentCounts, Report},
};

/// One channel's counts.
#[derive(Debug)]
pub(super) struct Line {
    /// The channel as people call it.
    pub channel: &'static str,
    /// Numbers and what they count; they add up to the contacts.
    pub parts: [(String, &'static str); 4],
    /// What was not sent, and what to do.
    pub note: Option<String>,
}

/// Both channels' counts; none where the export maps no consent.
pub(super) fn lines(report: &Report) -> Vec<Line> {
    report.consent.iter().map(|(channel, counts)| line(*channel, counts)).collect()
}

fn line(channel: Channel, counts: &ConsentCounts) -> Line {
    let (channel, key) = match channel {
        Channel::Email => ("e-mail", "consent.email"),
        Channel::Sms => ("SMS", "consent.sms"),
    };
    let has = |n, status: &str| format!("{} {status}", counted(n, "has", "have"));
    let held_back = |a: &str| {
        has(counts.held_back, &format!("{a} that is held back, as [{key}] does not say may_subscribe = true"))
    };
    let undated = || has(counts.undated, "a status without a valid date");
    let note = match (counts.undated, counts.held_back) {
        (0, 0) => None,
        (0, _) => Some(held_back("a status")),
        (_, 0) => Some(undated()),
        _ => Some(format!("{}, and {}", undated(), held_back("one"))),
    };
    Line {
        channel,
        parts: [
            (count(counts.subscribed), "subscribed"),
            (count(counts.unsubscribed), "unsubscribed"),
            (count(counts.non_subscribed), "non-subscribed"),
            (count(counts.untouched), "untouched"),
        ],
        note,
    }
}
