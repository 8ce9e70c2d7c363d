//! What happened to every row, as two bars: one of the rows that were read, and below it one of the contacts among
//! them.

use super::{
    format::percent,
    headline::{is_cut_short, sends, sent_or_to_send},
};
use crate::{
    run::Report,
    wording::{counted, number},
};

/// The width of a bar, finer than any screen.
const BAR_WIDTH: u64 = 10_000;

/// A number that is the sum of others.
#[derive(Debug)]
pub(super) struct Sum {
    /// The number and what it counts: `10,000 rows read`.
    pub title: String,
    pub parts: Vec<Part>,
    /// Like `parts`, but without parts of 0, and with contacts that were not sent as a part of their own, apart from
    /// `unknown`.
    pub bar: Vec<Part>,
}

#[derive(Debug)]
pub(super) struct Part {
    pub class: &'static str,
    pub label: &'static str,
    pub n: u64,
    whole: u64,
    pub note: String,
}

impl Part {
    pub(super) fn number(&self) -> String {
        number(self.n)
    }

    pub(super) fn share(&self) -> String {
        percent(self.n, self.whole)
    }

    /// Returns the width in the bar, of [`BAR_WIDTH`].
    pub(super) fn width(&self) -> u64 {
        width(self.n, self.whole)
    }

    pub(super) fn in_words(&self) -> String {
        format!("{} {}, {}", self.number(), self.label, self.share())
    }
}

impl Sum {
    /// Describes the bar to readers who do not see it.
    pub(super) fn in_words(&self) -> String {
        let parts: Vec<String> = self.bar.iter().map(Part::in_words).collect();
        format!("{}: {}", self.title, parts.join("; "))
    }
}

#[derive(Debug)]
pub(super) struct Breakdown {
    pub rows: Sum,
    /// `None` if the run sends nothing.
    pub contacts: Option<Sum>,
    /// The width of the sent rows in the upper bar, in percent. The page draws a funnel from there to the contacts'
    /// bar.
    pub funnel: String,
    pub note: Option<&'static str>,
}

impl Breakdown {
    /// Returns `None` if the run read no rows.
    pub(super) fn of(report: &Report) -> Option<Self> {
        let planned = report.counts.planned();
        if planned.read == 0 {
            return None;
        }
        let width = width(planned.sent, planned.read);
        Some(Self {
            rows: rows(report),
            contacts: (sends(report) && planned.sent > 0).then(|| contacts(report)),
            funnel: format!("{}.{:02}", width / 100, width % 100),
            note: is_cut_short(report).then_some(
                "The guard stopped the run before all rows were read. These are the rows up to that point.",
            ),
        })
    }
}

fn rows(report: &Report) -> Sum {
    let planned = report.counts.planned();
    let rows = || {
        let part = |class, label, n, note: &str| Part {
            class,
            label,
            n,
            whole: planned.read,
            note: note.to_owned(),
        };
        vec![
            part("sent", sent_or_to_send(report), planned.sent, "valid contacts, each counted once"),
            part("unchanged", "unchanged", planned.unchanged, "Omnisend already has these contacts"),
            part("duplicate", "duplicate", planned.duplicate, "an earlier row has the same email address"),
            part("invalid", "invalid", planned.invalid, "rows that cannot become a contact"),
            part("filtered", "filtered", planned.filtered, "rows that the filter leaves out"),
        ]
    };
    let mut parts = rows();
    // Most exports have no filter.
    parts.retain(|part| part.class != "filtered" || part.n > 0);
    Sum { title: format!("{} read", counted(planned.read, "row", "rows")), parts, bar: bar(rows()) }
}

fn contacts(report: &Report) -> Sum {
    let (sent, settled) = (report.counts.planned().sent, report.counts.settled());
    let unconfirmed = settled.unknown.saturating_sub(report.not_sent);
    let class = if unconfirmed == 0 && report.not_sent > 0 { "not-sent" } else { "unknown" };
    let note = match (unconfirmed, report.not_sent) {
        (_, 0) => "Omnisend did not confirm whether they arrived".to_owned(),
        (0, _) => "none of them were sent: the run ended early".to_owned(),
        (unconfirmed, not_sent) => format!(
            "{} not sent because the run ended early; {} not confirmed by Omnisend",
            number(not_sent),
            number(unconfirmed)
        ),
    };
    let part = |class, label, n, note: &str| Part { class, label, n, whole: sent, note: note.to_owned() };
    let accepted = || part("accepted", "accepted", settled.accepted, "Omnisend accepted them");
    let rejected = || part("rejected", "rejected", settled.rejected, "Omnisend refused them with a reason");
    Sum {
        title: format!("{} {}", counted(sent, "contact", "contacts"), sent_or_to_send(report)),
        parts: vec![accepted(), rejected(), part(class, "unknown", settled.unknown, &note)],
        bar: bar(vec![
            accepted(),
            rejected(),
            part("unknown", "unknown", unconfirmed, ""),
            part("not-sent", "not sent", report.not_sent, ""),
        ]),
    }
}

fn bar(mut parts: Vec<Part>) -> Vec<Part> {
    parts.retain(|part| part.n > 0);
    parts
}

/// Returns the width of a part. Every part that is not 0 is visible.
fn width(part: u64, whole: u64) -> u64 {
    let width = u128::from(part) * u128::from(BAR_WIDTH) / u128::from(whole.max(1));
    u64::try_from(width).unwrap_or(BAR_WIDTH).clamp(u64::from(part > 0), BAR_WIDTH)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::examples;

    fn numbers(sum: &Sum) -> String {
        let parts: Vec<String> =
            sum.parts.iter().map(|part| format!("{} {}", part.number(), part.label)).collect();
        parts.join(", ")
    }

    #[test]
    fn both_sums_list_their_parts() {
        let breakdown = Breakdown::of(&examples::partial()).unwrap();
        assert_eq!(breakdown.rows.title, "10,000 rows read");
        assert_eq!(numbers(&breakdown.rows), "7,285 sent, 2,000 unchanged, 419 duplicate, 296 invalid");
        let contacts = breakdown.contacts.unwrap();
        assert_eq!(contacts.title, "7,285 contacts sent");
        assert_eq!(numbers(&contacts), "7,242 accepted, 40 rejected, 3 unknown");
        assert_eq!(breakdown.funnel, "72.85");
        assert_eq!(contacts.bar.last().unwrap().width(), 4);
    }

    #[test]
    fn contacts_that_were_not_sent_are_a_part_of_the_bar_and_unknown_in_the_sum() {
        let contacts = Breakdown::of(&examples::canceled()).unwrap().contacts.unwrap();
        assert_eq!(contacts.title, "9,285 contacts to send");
        assert_eq!(numbers(&contacts), "4,000 accepted, 0 rejected, 5,285 unknown");
        let classes: Vec<&str> = contacts.bar.iter().map(|part| part.class).collect();
        assert_eq!(classes, ["accepted", "unknown", "not-sent"]);
        assert_eq!(
            contacts.parts[2].note,
            "5,185 not sent because the run ended early; 100 not confirmed by Omnisend"
        );
    }

    #[test]
    fn a_run_that_sends_nothing_has_no_bar_of_contacts() {
        for report in [examples::dry_run(), examples::stopped(), examples::skipped()] {
            let breakdown = Breakdown::of(&report).unwrap();
            assert!(breakdown.contacts.is_none());
        }
        assert!(Breakdown::of(&examples::empty()).is_none(), "nothing was read");
    }

    #[test]
    fn one_row_of_a_million_is_visible() {
        assert_eq!([0, 1, 500_000, 1_000_000].map(|n| width(n, 1_000_000)), [0, 1, 5000, 10_000]);
        assert_eq!(width(u64::MAX, u64::MAX), BAR_WIDTH);
    }
}
