//! What did not arrive, and why: losses first, what was only said twice last.

use std::collections::BTreeMap;

use super::{headline::sends, plain::plain, words::count};
use crate::run::{Report, RowOutcome};

/// Rows or contacts that share a reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub outcome: RowOutcome,
    /// The page's colour and pattern, which are those of the outcome's stretch in the bars.
    pub class: &'static str,
    /// None of those that no reject says anything of.
    pub code: Option<String>,
    pub reason: String,
    pub count: u64,
    /// Whether `rejects.csv` and `rejects.ndjson` name each one.
    pub is_listed: bool,
}

impl Line {
    pub(super) fn count_text(&self) -> String {
        count(self.count)
    }
}

/// What to call the lines: duplicates alone are no loss, and of what was not sent none could arrive.
pub(super) fn title(report: &Report, lines: &[Line]) -> &'static str {
    if lines.iter().all(|line| line.outcome == RowOutcome::Duplicate) {
        "Left out as duplicates"
    } else if sends(report) {
        "What did not arrive"
    } else {
        "Left out before sending"
    }
}

/// Every outcome's reasons, and a line for those that the reasons leave open, so that the lines add up to the
/// counts. The order: rejected, unknown, invalid, duplicate; each most frequent first.
pub(super) fn lines(report: &Report) -> Vec<Line> {
    let mut lines: Vec<Line> = report
        .reasons
        .iter()
        .map(|reason| Line {
            outcome: reason.outcome,
            class: reason.outcome.as_str(),
            code: Some(reason.code.clone()),
            reason: reason.reason.clone(),
            count: reason.count,
            is_listed: true,
        })
        .collect();
    lines.extend(unsaid(report));
    lines.sort_by_key(|line| (rank(line.outcome), std::cmp::Reverse(line.count)));
    lines
}

/// Cells of one field that were left out for one reason, while their contacts went on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cells {
    pub field: String,
    pub reason: String,
    pub count: u64,
}

/// Every field's cells that were left out, most frequent first.
pub(super) fn cells(report: &Report) -> Vec<Cells> {
    let of = |(field, reasons): (&String, &BTreeMap<String, u64>)| -> Vec<Cells> {
        let cells = |(reason, count): (&String, &u64)| Cells {
            field: plain(field),
            reason: plain(reason),
            count: *count,
        };
        reasons.iter().map(cells).collect()
    };
    let mut all: Vec<Cells> = report.warnings.iter().flat_map(of).collect();
    all.sort_by_key(|cells| std::cmp::Reverse(cells.count));
    all
}

fn rank(outcome: RowOutcome) -> u8 {
    match outcome {
        RowOutcome::Rejected => 0,
        RowOutcome::Unknown => 1,
        RowOutcome::Invalid => 2,
        RowOutcome::Duplicate => 3,
    }
}

/// What the counts have and the reasons do not: contacts that a run never came to, and rare reasons, since a
/// report names only so many.
fn unsaid(report: &Report) -> Vec<Line> {
    // Where sending was never meant, that they were not sent is no news.
    let sends = sends(report);
    let (planned, settled) = (report.counts.planned(), report.counts.settled());
    let said = |outcome: RowOutcome| -> u64 {
        report.reasons.iter().filter(|reason| reason.outcome == outcome).map(|reason| reason.count).sum()
    };
    let line = |outcome: RowOutcome, count: u64, reason: &str, is_listed| {
        (count > 0).then(|| Line {
            outcome,
            class: outcome.as_str(),
            code: None,
            reason: reason.to_owned(),
            count,
            is_listed,
        })
    };
    let rare = |outcome: RowOutcome, all: u64| {
        line(
            outcome,
            all.saturating_sub(said(outcome)),
            "other reasons, each rarer than those named here",
            true,
        )
    };
    // What stands in several segments is no row too many, and no reject names it.
    let repeated = (report.overlapping > 0)
        .then(|| planned.duplicate.saturating_sub(said(RowOutcome::Duplicate)))
        .and_then(|rows| {
            line(RowOutcome::Duplicate, rows, "in another segment too; each contact is sent once", false)
        });
    let silent = settled.unknown.saturating_sub(said(RowOutcome::Unknown) + report.not_sent);
    [
        rare(RowOutcome::Invalid, planned.invalid),
        repeated.or_else(|| rare(RowOutcome::Duplicate, planned.duplicate)),
        rare(RowOutcome::Rejected, settled.rejected),
        line(
            RowOutcome::Unknown,
            silent,
            "sent, but the run ended before Omnisend was asked what became of them",
            false,
        )
        .filter(|_| sends),
        line(RowOutcome::Unknown, report.not_sent, "not sent: the run ended before", false)
            .filter(|_| sends)
            .map(|line| Line { class: "not-sent", ..line }),
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        report::examples,
        run::{Counts, Planned, Settled, State},
    };

    fn sums(lines: &[Line], outcome: RowOutcome) -> u64 {
        lines.iter().filter(|line| line.outcome == outcome).map(|line| line.count).sum()
    }

    #[test]
    fn the_lines_add_up_to_the_counts() {
        for (name, report) in examples::all() {
            let (planned, settled) = (report.counts.planned(), report.counts.settled());
            let lines = lines(&report);
            assert_eq!(sums(&lines, RowOutcome::Invalid), planned.invalid, "{name}");
            assert_eq!(sums(&lines, RowOutcome::Duplicate), planned.duplicate, "{name}");
            assert_eq!(sums(&lines, RowOutcome::Rejected), settled.rejected, "{name}");
            assert_eq!(
                sums(&lines, RowOutcome::Unknown),
                if sends(&report) { settled.unknown } else { 0 },
                "{name}"
            );
        }
    }

    #[test]
    fn losses_stand_first_and_duplicates_last() {
        let outcomes: Vec<&str> =
            lines(&examples::partial()).into_iter().map(|line| line.outcome.as_str()).collect();
        assert_eq!(
            outcomes,
            ["rejected", "rejected", "rejected", "unknown", "invalid", "invalid", "duplicate"]
        );
    }

    #[test]
    fn what_no_reject_names_is_not_said_to_be_listed() {
        let lines = lines(&examples::canceled());
        let unknown: Vec<(u64, bool)> = lines
            .iter()
            .filter(|line| line.outcome == RowOutcome::Unknown)
            .map(|line| (line.count, line.is_listed))
            .collect();
        assert_eq!(unknown, [(5185, false), (100, false)]);
    }

    #[test]
    fn reasons_beyond_those_named_have_a_line() {
        let mut report = examples::partial();
        report.reasons.retain(|reason| reason.code != "no_email");
        let rare = lines(&report).into_iter().find(|line| line.code.is_none()).unwrap();
        assert_eq!((rare.outcome.as_str(), rare.count, rare.is_listed), ("invalid", 92, true));
    }

    #[test]
    fn duplicates_alone_are_no_loss() {
        let title_of = |report: &Report| title(report, &lines(report));
        assert_eq!(title_of(&examples::succeeded()), "Left out as duplicates");
        assert_eq!(title_of(&examples::partial()), "What did not arrive");
        assert_eq!(title_of(&examples::dry_run()), "Left out before sending");
        let clean =
            examples::report(State::Skipped, Counts::new(Planned::default(), Settled::default()).unwrap());
        assert_eq!(lines(&clean), []);
    }
}
