//! The report as lines for a terminal or a log of a scheduled job.

use std::fmt::Write as _;

use super::{
    aside, consent, forecast, guards,
    headline::{is_forecast, sends, sent_or_to_send},
    left_out::{self, Cells},
    plain::{clip, clip_middle, json_line, plain},
    remarks::remarks,
    words::{count, counted, duration, took},
};
use crate::run::{Report, State};

/// How many reasons the summary shows; all are in the report.
const REASONS: usize = 8;

/// How much of a reason is shown, in characters: all of our own, which end with what to do.
const REASON_CHARS: usize = 120;

/// How much of a message is shown, in characters.
const MESSAGE_CHARS: usize = 600;

/// A report in a few lines. Nothing in them can command a terminal.
pub fn text(report: &Report) -> String {
    // Writing to a string cannot fail.
    let mut out = String::new();
    let end = match report.state {
        _ if report.dry_run.is_some() => "dry run, nothing was sent",
        State::Stopped => "stopped, nothing was sent",
        state => state.as_str(),
    };
    let _ = writeln!(
        out,
        "{}: {end} ({} to {})",
        plain(&report.display_name),
        report.run.export,
        report.connection
    );
    if let Some(message) = &report.message {
        let _ = writeln!(out, "  {}", clip_middle(message, MESSAGE_CHARS));
    }
    if report.counts.planned().read > 0 {
        sums(&mut out, report);
    }
    for remark in remarks(report) {
        let _ = writeln!(out, "  {remark}");
    }
    effort(&mut out, report);
    if let Some(guards) = guards::note(report) {
        let _ = writeln!(out, "  guards {guards}");
    }
    aside(&mut out, report);
    consent(&mut out, report);
    left_out(&mut out, report);
    cells(&mut out, report);
    first_contacts(&mut out, report);
    out
}

/// What a dry run would send first.
fn first_contacts(out: &mut String, report: &Report) {
    let Some(forecast) = report.dry_run.as_ref().filter(|_| is_forecast(report)) else { return };
    if forecast.first_contacts.is_empty() {
        return;
    }
    let how = if forecast.masked { " (--show-values shows them)" } else { "" };
    let _ = writeln!(out, "  {}{how}:", forecast::contacts_title(forecast).to_lowercase());
    for contact in &forecast.first_contacts {
        // The report has all of a long one.
        let line: String = json_line(contact).chars().take(MESSAGE_CHARS - 2).collect();
        let _ = writeln!(out, "    {line}");
    }
}

/// Cells that their contacts went without.
fn cells(out: &mut String, report: &Report) {
    let cells = left_out::cells(report);
    if cells.is_empty() {
        return;
    }
    let _ = writeln!(out, "  cells that their fields do not take, and their contacts go without:");
    let shown = || cells.iter().take(REASONS);
    let counts = shown().map(|cells| count(cells.count).len()).max().unwrap_or_default();
    let fields = shown().map(|cells| cells.field.chars().count()).max().unwrap_or_default();
    for Cells { field, reason, count: n } in shown() {
        let _ = writeln!(out, "    {:>counts$}  {field:<fields$}  {}", count(*n), clip(reason, REASON_CHARS));
    }
    more(out, cells.len(), "field");
}

/// How many lines a list has beyond those shown.
fn more(out: &mut String, all: usize, what: &str) {
    match all.saturating_sub(REASONS) {
        0 => {}
        n => {
            let more = counted(
                u64::try_from(n).unwrap_or(u64::MAX),
                &format!("more {what}"),
                &format!("more {what}s"),
            );
            let _ = writeln!(out, "    and {more}, in the report");
        }
    }
}

/// The counts, as the equations that they are.
fn sums(out: &mut String, report: &Report) {
    let (planned, settled) = (report.counts.planned(), report.counts.settled());
    let sent = sent_or_to_send(report);
    let (read, to_send) = (count(planned.read), count(planned.sent));
    let width = read.len();
    // Most exports have no filter.
    let filtered = match planned.filtered {
        0 => String::new(),
        n => format!("{} filtered + ", count(n)),
    };
    let _ = writeln!(
        out,
        "  {read} read = {} invalid + {} duplicate + {} unchanged + {filtered}{to_send} {sent}",
        count(planned.invalid),
        count(planned.duplicate),
        count(planned.unchanged),
    );
    if sends(report) && planned.sent > 0 {
        let not_sent = match report.not_sent {
            0 => String::new(),
            n if n == settled.unknown => " (none of them sent)".to_owned(),
            n => format!(" ({} of them not sent)", count(n)),
        };
        let _ = writeln!(
            out,
            "  {to_send:>width$} {sent} = {} accepted + {} rejected + {} unknown{not_sent}",
            count(settled.accepted),
            count(settled.rejected),
            count(settled.unknown),
        );
    }
}

/// What it took, or would take.
fn effort(out: &mut String, report: &Report) {
    match &report.dry_run {
        Some(forecast) if is_forecast(report) => {
            let parts = forecast::parts(forecast);
            let _ = writeln!(
                out,
                "  a run now would take {} in about {}, at {} a minute{}{}",
                counted(forecast.requests.all(), "request", "requests"),
                duration(i64::try_from(forecast.seconds).unwrap_or(i64::MAX)),
                count(forecast.requests_per_minute.get().into()),
                if parts.is_empty() { "" } else { ": " },
                parts.join(", "),
            );
        }
        _ => {
            let requests = match report.requests.all() {
                0 => "no requests".to_owned(),
                n => format!(
                    "{}, {}",
                    counted(report.batches, "batch", "batches"),
                    counted(n, "request", "requests")
                ),
            };
            let _ = writeln!(out, "  {requests}, took {}", took(report));
        }
    }
    if report.requests.throttled > 0 {
        let _ = writeln!(
            out,
            "  {} answered \"too many\" (429) and repeated: others use the brand's budget too",
            counted(report.requests.throttled, "request was", "requests were"),
        );
    }
}

/// What was done apart from batches.
fn aside(out: &mut String, report: &Report) {
    let tags = aside::tags(report);
    if !tags.is_empty() {
        let _ = writeln!(out, "  {}", tags.join(", "));
    }
    for seen in &report.segments {
        let _ = writeln!(out, "  segment {}", clip_middle(&aside::segment(seen), MESSAGE_CHARS));
    }
}

/// What is sent of consent, channel by channel.
fn consent(out: &mut String, report: &Report) {
    for line in consent::lines(report) {
        let parts = line.parts.map(|(n, what)| format!("{n} {what}")).join(", ");
        let _ = writeln!(out, "  consent, {}: {parts}", line.channel);
        if let Some(note) = line.note {
            let _ = writeln!(out, "    of the untouched, {note}");
        }
    }
}

/// The most important reasons, with their columns aligned.
fn left_out(out: &mut String, report: &Report) {
    let lines = left_out::lines(report);
    if lines.is_empty() {
        return;
    }
    let _ = writeln!(out, "  {}:", left_out::title(report, &lines).to_lowercase());
    let shown = || lines.iter().take(REASONS);
    let counts = shown().map(|line| line.count_text().len()).max().unwrap_or_default();
    let outcomes = shown().map(|line| line.outcome.as_str().len()).max().unwrap_or_default();
    for line in shown() {
        let _ = writeln!(
            out,
            "    {:>counts$}  {:<outcomes$}  {}",
            line.count_text(),
            line.outcome,
            clip(&line.reason, REASON_CHARS),
        );
    }
    more(out, lines.len(), "reason");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        report::examples,
        run::{Reason, RowOutcome},
    };

    #[test]
    fn every_kind_of_run_in_a_few_lines() {
        let all: Vec<String> =
            examples::all().iter().map(|(name, report)| format!("# {name}\n{}", text(report))).collect();
        insta::assert_snapshot!(all.join("\n"));
    }

    #[test]
    fn nothing_commands_the_terminal_and_no_line_is_without_end() {
        let shown = text(&examples::hostile());
        assert!(shown.lines().all(|line| !line.chars().any(char::is_control)), "{shown:?}");
        assert!(shown.lines().all(|line| line.chars().count() <= MESSAGE_CHARS + 2));
        assert!(shown.contains("do this and that"), "what to do is kept");
    }

    #[test]
    fn a_summary_stays_short() {
        let mut report = examples::partial();
        let rare = |n: usize| Reason {
            outcome: RowOutcome::Rejected,
            code: format!("code_{n}"),
            reason: "rare".to_owned(),
            count: 1,
        };
        report.reasons.extend((0..40).map(rare));
        let shown = text(&report);
        assert!(shown.lines().count() < 24, "{shown}");
        assert!(shown.contains("and 39 more reasons, in the report"), "{shown}");
    }
}
