//! Why rows and contacts did not arrive: losses first, duplicates last.

use std::cmp::Reverse;

use super::headline::sends;
use crate::run::{Report, RowOutcome};

/// Rows or contacts that share a reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub outcome: RowOutcome,
    /// The CSS class of the page: the same colour and pattern as the outcome in the bars.
    pub class: &'static str,
    /// `None` if the report's reasons do not include this line.
    pub code: Option<String>,
    pub reason: String,
    pub count: u64,
    /// Whether `rejects.csv` and `rejects.ndjson` list each row.
    pub is_listed: bool,
}

/// Returns the title of the lines. Duplicates are not losses, and a run that sends nothing cannot lose contacts.
pub(super) fn title(report: &Report, lines: &[Line]) -> &'static str {
    if lines.iter().all(|line| line.outcome == RowOutcome::Duplicate) {
        "Left out as duplicates"
    } else if sends(report) {
        "What did not arrive"
    } else {
        "Left out before sending"
    }
}

/// Returns a line for each reason, and lines for everything that the report's reasons do not include, so that the lines
/// add up to the counts. They are sorted by outcome (rejected, unknown, invalid, duplicate), most frequent first.
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
    lines.extend(remainder(report));
    lines.sort_by_key(|line| (rank(line.outcome), Reverse(line.count)));
    lines
}

/// Returns the number of contacts that the rejects do not list, because the run ended before their outcome was known.
pub(super) fn unsettled(lines: &[Line]) -> u64 {
    let unsettled = lines.iter().filter(|line| line.outcome == RowOutcome::Unknown && !line.is_listed);
    unsettled.map(|line| line.count).sum()
}

fn rank(outcome: RowOutcome) -> u8 {
    match outcome {
        RowOutcome::Rejected => 0,
        RowOutcome::Unknown => 1,
        RowOutcome::Invalid => 2,
        RowOutcome::Duplicate => 3,
    }
}

/// Returns lines for what the counts include but the report's reasons do not: contacts that the run did not reach, and
/// reasons that are too rare to be listed.
fn remainder(report: &Report) -> Vec<Line> {
    // For a run that sends nothing, contacts that were not sent are not listed.
    let sends = sends(report);
    let (planned, settled) = (report.counts.planned(), report.counts.settled());
    let in_reasons = |outcome: RowOutcome| -> u64 {
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
        let count = all.saturating_sub(in_reasons(outcome));
        line(outcome, count, "other reasons, each less frequent than those above", true)
    };
    // A contact in several segments has a row in each, and the rejects do not list these rows.
    let overlapping = (report.overlapping > 0)
        .then(|| planned.duplicate.saturating_sub(in_reasons(RowOutcome::Duplicate)))
        .and_then(|rows| {
            line(
                RowOutcome::Duplicate,
                rows,
                "the contact is also in another segment and is sent once",
                false,
            )
        });
    let unconfirmed = settled.unknown.saturating_sub(in_reasons(RowOutcome::Unknown) + report.not_sent);
    [
        rare(RowOutcome::Invalid, planned.invalid),
        overlapping.or_else(|| rare(RowOutcome::Duplicate, planned.duplicate)),
        rare(RowOutcome::Rejected, settled.rejected),
        line(
            RowOutcome::Unknown,
            unconfirmed,
            "sent, but the run ended before Omnisend confirmed the outcome",
            false,
        )
        .filter(|_| sends),
        line(RowOutcome::Unknown, report.not_sent, "not sent: the run ended early", false)
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
    fn lines_add_up_to_the_counts() {
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
    fn lists_losses_first_and_duplicates_last() {
        let outcomes: Vec<&str> =
            lines(&examples::partial()).into_iter().map(|line| line.outcome.as_str()).collect();
        assert_eq!(
            outcomes,
            ["rejected", "rejected", "rejected", "unknown", "invalid", "invalid", "duplicate"]
        );
    }

    #[test]
    fn contacts_that_the_run_did_not_reach_are_not_listed_in_the_rejects() {
        let lines = lines(&examples::canceled());
        let unknown: Vec<(u64, bool)> = lines
            .iter()
            .filter(|line| line.outcome == RowOutcome::Unknown)
            .map(|line| (line.count, line.is_listed))
            .collect();
        assert_eq!(unknown, [(5185, false), (100, false)]);
    }

    #[test]
    fn rare_reasons_share_a_line() {
        let mut report = examples::partial();
        report.reasons.retain(|reason| reason.code != "no_email");
        let rare = lines(&report).into_iter().find(|line| line.code.is_none()).unwrap();
        assert_eq!((rare.outcome.as_str(), rare.count, rare.is_listed), ("invalid", 92, true));
    }

    #[test]
    fn the_title_distinguishes_duplicates_from_losses() {
        let title_of = |report: &Report| title(report, &lines(report));
        assert_eq!(title_of(&examples::succeeded()), "Left out as duplicates");
        assert_eq!(title_of(&examples::partial()), "What did not arrive");
        assert_eq!(title_of(&examples::dry_run()), "Left out before sending");
        let clean =
            examples::report(State::Skipped, Counts::new(Planned::default(), Settled::default()).unwrap());
        assert_eq!(lines(&clean), []);
    }

    #[test]
    fn rows_of_other_segments_are_not_counted_as_unsettled() {
        let mut report = examples::partial();
        report.overlapping = 10;
        report.reasons.retain(|reason| reason.code != "duplicate");
        assert_eq!(unsettled(&lines(&report)), 0);
        assert_eq!(unsettled(&lines(&examples::canceled())), 5285);
    }
}
