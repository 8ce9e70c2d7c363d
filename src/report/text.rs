//! The report as text for a terminal or the log of a scheduled job.

use std::fmt::Write as _;

use super::{
    consent, forecast,
    format::{duration, took},
    guards,
    headline::{is_forecast, sends, sent_or_to_send},
    notes::notes,
    reasons,
    sanitize::{clip, clip_middle, json_line, sanitize},
    tags_and_segments,
    warnings::warnings,
};
use crate::{
    run::{Report, State},
    wording::{counted, number},
};

/// The most lines of a list. The page and `report.json` have all of them.
const MAX_LINES: usize = 8;

/// How much of a reason is shown, in characters. The product's own reasons end with what to do; they are shorter than
/// this.
const REASON_CHARS: usize = 120;

/// How much of a message is shown, in characters.
const MESSAGE_CHARS: usize = 600;

/// Summarizes a report in a few lines, which contain no terminal escapes.
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
        sanitize(&report.display_name),
        report.run.export,
        report.connection
    );
    if let Some(message) = &report.message {
        let _ = writeln!(out, "  {}", clip_middle(message, MESSAGE_CHARS));
    }
    if report.counts.planned().read > 0 {
        write_sums(&mut out, report);
    }
    for note in notes(report) {
        let _ = writeln!(out, "  {note}");
    }
    write_effort(&mut out, report);
    if let Some(guards) = guards::note(report) {
        let _ = writeln!(out, "  guards {guards}");
    }
    write_tags_and_segments(&mut out, report);
    write_consent(&mut out, report);
    write_reasons(&mut out, report);
    write_warnings(&mut out, report);
    write_first_contacts(&mut out, report);
    out
}

/// Writes the counts as two equations.
fn write_sums(out: &mut String, report: &Report) {
    let (planned, settled) = (report.counts.planned(), report.counts.settled());
    let sent = sent_or_to_send(report);
    let (read, to_send) = (number(planned.read), number(planned.sent));
    let width = read.len();
    // Most exports have no filter.
    let filtered = match planned.filtered {
        0 => String::new(),
        n => format!("{} filtered + ", number(n)),
    };
    let _ = writeln!(
        out,
        "  {read} read = {} invalid + {} duplicate + {} unchanged + {filtered}{to_send} {sent}",
        number(planned.invalid),
        number(planned.duplicate),
        number(planned.unchanged),
    );
    if sends(report) && planned.sent > 0 {
        let not_sent = match report.not_sent {
            0 => String::new(),
            n if n == settled.unknown => " (none of them sent)".to_owned(),
            n => format!(" ({} of them not sent)", number(n)),
        };
        let _ = writeln!(
            out,
            "  {to_send:>width$} {sent} = {} accepted + {} rejected + {} unknown{not_sent}",
            number(settled.accepted),
            number(settled.rejected),
            number(settled.unknown),
        );
    }
}

/// Writes the requests and the time that the run took, or would take.
fn write_effort(out: &mut String, report: &Report) {
    match &report.dry_run {
        Some(forecast) if is_forecast(report) => {
            let parts = forecast::parts(forecast);
            let _ = writeln!(
                out,
                "  a run now would send {} in about {}, at {} per minute{}{}",
                counted(forecast.requests.all(), "request", "requests"),
                duration(i64::try_from(forecast.seconds).unwrap_or(i64::MAX)),
                number(forecast.requests_per_minute.get().into()),
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
            "  {} throttled (429) and retried: other integrations use the brand's request limit too",
            counted(report.requests.throttled, "request was", "requests were"),
        );
    }
}

fn write_tags_and_segments(out: &mut String, report: &Report) {
    let tags = tags_and_segments::tags(report);
    if !tags.is_empty() {
        let _ = writeln!(out, "  {}", tags.join(", "));
    }
    for segment in &report.segments {
        let segment = tags_and_segments::segment(segment);
        let _ = writeln!(out, "  segment {}", clip_middle(&segment, MESSAGE_CHARS));
    }
}

fn write_consent(out: &mut String, report: &Report) {
    for line in consent::lines(report) {
        let counts = line.counts.map(|count| format!("{} {}", count.count, count.status)).join(", ");
        let _ = writeln!(out, "  consent, {}: {counts}", line.channel);
        if let Some(note) = line.note {
            let _ = writeln!(out, "    of the untouched, {note}");
        }
    }
}

fn write_reasons(out: &mut String, report: &Report) {
    let lines = reasons::lines(report);
    let title = reasons::title(report, &lines).to_lowercase();
    let lines: Vec<_> = lines
        .iter()
        .map(|line| ListLine {
            count: number(line.count),
            label: line.outcome.as_str(),
            reason: &line.reason,
        })
        .collect();
    write_list(out, &title, &lines, "more reason", "more reasons");
}

fn write_warnings(out: &mut String, report: &Report) {
    let verb = if report.dry_run.is_some() { "would be sent" } else { "is sent" };
    let title = format!("values that do not fit their field; the contact {verb} without them");
    let warnings = warnings(report);
    let lines: Vec<_> = warnings
        .iter()
        .map(|warning| ListLine {
            count: number(warning.count),
            label: &warning.field,
            reason: &warning.reason,
        })
        .collect();
    write_list(out, &title, &lines, "more field", "more fields");
}

struct ListLine<'a> {
    count: String,
    label: &'a str,
    reason: &'a str,
}

/// Writes the first lines of a list in aligned columns, and how many more the report lists.
fn write_list(out: &mut String, title: &str, lines: &[ListLine<'_>], one_more: &str, many_more: &str) {
    if lines.is_empty() {
        return;
    }
    let _ = writeln!(out, "  {title}:");
    let shown = || lines.iter().take(MAX_LINES);
    let counts = shown().map(|line| line.count.len()).max().unwrap_or_default();
    let labels = shown().map(|line| line.label.chars().count()).max().unwrap_or_default();
    for ListLine { count, label, reason } in shown() {
        let _ = writeln!(out, "    {count:>counts$}  {label:<labels$}  {}", clip(reason, REASON_CHARS));
    }
    let more = u64::try_from(lines.len().saturating_sub(MAX_LINES)).unwrap_or(u64::MAX);
    if more > 0 {
        let _ = writeln!(out, "    and {} in the report", counted(more, one_more, many_more));
    }
}

/// Writes the first contacts that a dry run would send.
fn write_first_contacts(out: &mut String, report: &Report) {
    let Some(forecast) = report.dry_run.as_ref().filter(|_| is_forecast(report)) else { return };
    if forecast.first_contacts.is_empty() {
        return;
    }
    let hint = if forecast.masked { " (--show-values shows them)" } else { "" };
    let _ = writeln!(out, "  {}{hint}:", forecast::contacts_title(forecast).to_lowercase());
    for contact in &forecast.first_contacts {
        // The page shows long contacts completely.
        let line: String = json_line(contact).chars().take(MESSAGE_CHARS - 2).collect();
        let _ = writeln!(out, "    {line}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        report::examples,
        run::{Reason, RowOutcome},
    };

    #[test]
    fn summarizes_every_kind_of_run() {
        let all: Vec<String> =
            examples::all().iter().map(|(name, report)| format!("# {name}\n{}", text(report))).collect();
        insta::assert_snapshot!(all.join("\n"));
    }

    #[test]
    fn has_no_terminal_escapes_and_no_overlong_lines() {
        let shown = text(&examples::hostile());
        assert!(shown.lines().all(|line| !line.chars().any(char::is_control)), "{shown:?}");
        assert!(shown.lines().all(|line| line.chars().count() <= MESSAGE_CHARS + 2));
        assert!(shown.contains("do this and that"), "the end of a long message is kept");
    }

    #[test]
    fn stays_short_with_many_reasons() {
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
        assert!(shown.contains("and 39 more reasons in the report"), "{shown}");
    }
}
