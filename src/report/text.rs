//! The report as lines for a terminal or a log of a scheduled job.

use std::fmt::Write as _;

use jiff::SignedDuration;

use crate::run::{Report, State};

/// How many reasons the summary shows; all are in the report.
const REASONS: usize = 8;

/// A report in a few lines.
pub fn text(report: &Report) -> String {
    let (planned, settled) = (report.counts.planned(), report.counts.settled());
    let mut out = String::new();
    let dry = if report.dry_run.is_some() { ", a dry run: nothing was sent" } else { "" };
    let _ = writeln!(
        out,
        "{} ({}) to {}: {}{dry}",
        report.display_name,
        report.run.export,
        report.connection,
        report.state.as_str()
    );
    if let Some(message) = &report.message {
        let _ = writeln!(out, "  {message}");
    }
    let _ = writeln!(
        out,
        "  {} read = {} invalid + {} duplicate + {} unchanged + {} {}",
        count(planned.read),
        count(planned.invalid),
        count(planned.duplicate),
        count(planned.unchanged),
        count(planned.sent),
        if report.dry_run.is_some() { "to send" } else { "sent" },
    );
    if let Some(forecast) = &report.dry_run {
        let _ = writeln!(
            out,
            "  would take {} requests, {} at {} requests a minute",
            count(forecast.batches),
            duration(i64::try_from(forecast.seconds).unwrap_or(i64::MAX)),
            forecast.requests_per_minute,
        );
    } else {
        let _ = writeln!(
            out,
            "  {} sent = {} accepted + {} rejected + {} unknown",
            count(planned.sent),
            count(settled.accepted),
            count(settled.rejected),
            count(settled.unknown),
        );
        if report.not_sent > 0 {
            let _ = writeln!(out, "  of the unknown, {} were not sent", count(report.not_sent));
        }
        let took = report.ended_at.duration_since(report.started_at);
        let _ = writeln!(
            out,
            "  {} batches, {} requests, {}",
            count(report.batches),
            count(report.requests.upload + report.requests.settle),
            duration(took.as_secs()),
        );
        if report.requests.throttled > 0 {
            let _ = writeln!(
                out,
                "  {} requests were answered with \"too many\": other integrations use the brand's budget too",
                count(report.requests.throttled)
            );
        }
    }
    if !report.reasons.is_empty() {
        out.push_str("  what did not arrive:\n");
        for reason in report.reasons.iter().take(REASONS) {
            let _ = writeln!(out, "    {:>9}  {}: {}", count(reason.count), reason.outcome, reason.reason);
        }
        if let Some(more) = report.reasons.len().checked_sub(REASONS).filter(|more| *more > 0) {
            let _ = writeln!(out, "    and {more} more reasons, in the report");
        }
    }
    if !report.warnings.is_empty() {
        let fields = report.warnings.iter().map(|(field, n)| format!("{field} {}", count(*n)));
        let _ = writeln!(
            out,
            "  cells left out because their field does not take them: {}",
            fields.collect::<Vec<_>>().join(", ")
        );
    }
    out
}

/// A number with commas between thousands.
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A duration in seconds, for people: `14s`, `25m 30s`.
pub fn duration(seconds: i64) -> String {
    let printer =
        jiff::fmt::friendly::SpanPrinter::new().designator(jiff::fmt::friendly::Designator::Compact);
    printer.duration_to_string(&SignedDuration::from_secs(seconds))
}

impl State {
    /// Whether the run did what it was to do, if perhaps not for every row.
    pub fn is_over_well(self) -> bool {
        matches!(self, Self::Succeeded | Self::Partial | Self::Skipped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_times_are_for_people() {
        assert_eq!([0, 999, 1000, 1_234_567].map(count), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([0, 14, 1530, 7384].map(duration), ["0s", "14s", "25m 30s", "2h 3m 4s"]);
    }
}
