//! Where every row went, as two bars: the rows that were read, and below it the contacts among them.

use super::{
    headline::{is_cut_short, sends, sent_or_to_send},
    words::{count, counted, percent},
};
use crate::run::Report;

/// The width of a bar. Finer than any screen shows.
const WIDTH: u64 = 10_000;

/// One number that is the sum of others.
#[derive(Debug)]
pub(super) struct Sum {
    /// What is divided: `10,000 rows read`.
    pub title: String,
    pub parts: Vec<Part>,
    /// The same as the parts, but what was not sent stands apart from what nobody can tell.
    pub bar: Vec<Stretch>,
}

/// One part of a sum, as a number.
#[derive(Debug)]
pub(super) struct Part {
    pub class: &'static str,
    pub sign: &'static str,
    pub label: &'static str,
    pub count: String,
    pub share: String,
    pub note: String,
    pub is_zero: bool,
}

/// One part of a sum, as a stretch of its bar.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Stretch {
    pub class: &'static str,
    pub width: u64,
    pub title: String,
}

/// Both sums.
#[derive(Debug)]
pub(super) struct Flow {
    pub rows: Sum,
    /// Of a run that sent something.
    pub contacts: Option<Sum>,
    /// How much of the upper bar the lower one divides, in percent: where the lines between both end.
    pub mouth: String,
    /// What else there is to know.
    pub note: Option<&'static str>,
}

impl Flow {
    /// None of a run that read nothing.
    pub(super) fn of(report: &Report) -> Option<Self> {
        let planned = report.counts.planned();
        if planned.read == 0 {
            return None;
        }
        let width = width(planned.sent, planned.read);
        Some(Self {
            rows: rows(report),
            contacts: (sends(report) && planned.sent > 0).then(|| contacts(report)),
            mouth: format!("{}.{:02}", width / 100, width % 100),
            note: is_cut_short(report).then_some("These are the rows up to where the guard stopped the run."),
        })
    }
}

fn rows(report: &Report) -> Sum {
    let planned = report.counts.planned();
    let parts = [
        ("sent", sent_or_to_send(report), planned.sent, "valid contacts, each of them once"),
        ("unchanged", "unchanged", planned.unchanged, "Omnisend has them as they are"),
        ("duplicate", "duplicate", planned.duplicate, "an earlier row has the same e-mail"),
        ("invalid", "invalid", planned.invalid, "rows that make no contact"),
        ("filtered", "filtered", planned.filtered, "rows that the export's filter leaves out"),
    ];
    // Most exports have no filter, and a part that can only be nothing says nothing.
    let parts = parts.into_iter().filter(|(class, _, n, _)| *class != "filtered" || *n > 0);
    let parts: Vec<_> = parts.collect();
    let notes = |note: &str| note.to_owned();
    sum(
        format!("{} read", counted(planned.read, "row", "rows")),
        planned.read,
        parts.iter().map(|(class, label, n, note)| (*class, *label, *n, notes(note))),
        parts.iter().map(|(class, label, n, _)| (*class, *label, *n)),
    )
}

fn contacts(report: &Report) -> Sum {
    let (sent, settled) = (report.counts.planned().sent, report.counts.settled());
    let silent = settled.unknown.saturating_sub(report.not_sent);
    let class = if silent == 0 && report.not_sent > 0 { "not-sent" } else { "unknown" };
    let unknown = match (silent, report.not_sent) {
        (_, 0) => "nobody can tell whether they arrived".to_owned(),
        (0, _) => "none of them was sent: the run ended before".to_owned(),
        (silent, not_sent) => {
            format!(
                "{} not sent, as the run ended before; of {} nobody can tell",
                count(not_sent),
                count(silent)
            )
        }
    };
    sum(
        format!("{} {}", counted(sent, "contact", "contacts"), sent_or_to_send(report)),
        sent,
        [
            ("accepted", "accepted", settled.accepted, "Omnisend took them".to_owned()),
            ("rejected", "rejected", settled.rejected, "Omnisend refused them and said why".to_owned()),
            (class, "unknown", settled.unknown, unknown),
        ],
        [
            ("accepted", "accepted", settled.accepted),
            ("rejected", "rejected", settled.rejected),
            ("unknown", "unknown", silent),
            ("not-sent", "not sent", report.not_sent),
        ],
    )
}

fn sum(
    title: String,
    whole: u64,
    parts: impl IntoIterator<Item = (&'static str, &'static str, u64, String)>,
    bar: impl IntoIterator<Item = (&'static str, &'static str, u64)>,
) -> Sum {
    let parts = parts.into_iter().enumerate().map(|(at, (class, label, n, note))| Part {
        class,
        sign: if at == 0 { "=" } else { "+" },
        label,
        count: count(n),
        share: percent(n, whole),
        note,
        is_zero: n == 0,
    });
    let bar = bar.into_iter().filter(|(_, _, n)| *n > 0).map(|(class, label, n)| Stretch {
        class,
        width: width(n, whole),
        title: format!("{} {label}, {}", count(n), percent(n, whole)),
    });
    Sum { title, parts: parts.collect(), bar: bar.collect() }
}

/// A part's width. What there is can be seen.
fn width(part: u64, whole: u64) -> u64 {
    let width = u128::from(part) * u128::from(WIDTH) / u128::from(whole.max(1));
    u64::try_from(width).unwrap_or(WIDTH).clamp(u64::from(part > 0), WIDTH)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::examples;

    fn numbers(sum: &Sum) -> Vec<(&str, &str)> {
        sum.parts.iter().map(|part| (part.label, part.count.as_str())).collect()
    }

    #[test]
    fn both_sums_name_each_part() {
        let flow = Flow::of(&examples::partial()).unwrap();
        assert_eq!(flow.rows.title, "10,000 rows read");
        assert_eq!(
            numbers(&flow.rows),
            [("sent", "7,285"), ("unchanged", "2,000"), ("duplicate", "419"), ("invalid", "296")]
        );
        let contacts = flow.contacts.unwrap();
        assert_eq!(contacts.title, "7,285 contacts sent");
        assert_eq!(numbers(&contacts), [("accepted", "7,242"), ("rejected", "40"), ("unknown", "3")]);
        assert_eq!(flow.mouth, "72.85");
        assert_eq!(contacts.bar.last().unwrap().width, 4);
    }

    #[test]
    fn what_was_not_sent_stands_apart_in_the_bar_and_counts_as_unknown_in_the_sum() {
        let contacts = Flow::of(&examples::canceled()).unwrap().contacts.unwrap();
        assert_eq!(contacts.title, "9,285 contacts to send");
        assert_eq!(numbers(&contacts), [("accepted", "4,000"), ("rejected", "0"), ("unknown", "5,285")]);
        let classes: Vec<&str> = contacts.bar.iter().map(|stretch| stretch.class).collect();
        assert_eq!(classes, ["accepted", "unknown", "not-sent"]);
        assert_eq!(contacts.parts[2].note, "5,185 not sent, as the run ended before; of 100 nobody can tell");
    }

    #[test]
    fn a_run_that_sends_nothing_divides_rows_only() {
        for report in [examples::dry_run(), examples::stopped(), examples::skipped()] {
            let flow = Flow::of(&report).unwrap();
            assert!(flow.contacts.is_none());
        }
        assert!(Flow::of(&examples::empty()).is_none(), "nothing was read");
    }

    #[test]
    fn one_of_a_million_can_be_seen() {
        assert_eq!([0, 1, 500_000, 1_000_000].map(|n| width(n, 1_000_000)), [0, 1, 5000, 10_000]);
        assert_eq!(width(u64::MAX, u64::MAX), WIDTH);
    }
}
