//! The report as one HTML page with inline styles. It loads nothing.

use askama::Template;

use super::{
    breakdown::Breakdown,
    consent::{self, ChannelLine},
    forecast,
    format::{duration, moment, sentence, size, took},
    headline::{Headline, is_forecast, sends},
    notes::notes,
    reasons::{self, Line},
    run_details::{Detail, run_details},
    sanitize::{clip, json, sanitize},
    warnings::{Warning, warnings},
};
use crate::{
    keys::Key,
    run::{Forecast, Report},
    wording::{counted, list, number, plural},
};

/// How much of a reason is shown, in characters. The rejects have the whole reason.
const REASON_CHARS: usize = 600;

/// The most source files that the page lists. `report.json` lists all of them.
const MAX_FILES: usize = 20;

/// What the page shows. Text from outside is sanitized, and the template escapes it for HTML.
#[derive(Template)]
#[template(path = "report.html")]
struct Page {
    name: String,
    export: String,
    connection: String,
    /// When the run started and how long it took.
    when: String,
    class: &'static str,
    sign: &'static str,
    headline: Headline,
    message: Vec<Span>,
    notes: Vec<String>,
    breakdown: Option<Breakdown>,
    forecast: Option<ForecastView>,
    consent: Vec<ChannelLine>,
    consent_verb: &'static str,
    reasons: Option<ReasonsView>,
    warnings: Vec<WarningRow>,
    warnings_verb: &'static str,
    first_contacts: Vec<String>,
    source: Vec<SourceRow>,
    /// The files that the page does not list.
    more_source: Option<SourceRow>,
    details: Vec<Detail>,
    report_json: String,
}

/// A part of a message.
#[derive(Debug, PartialEq)]
struct Span {
    text: String,
    is_code: bool,
}

struct ForecastView {
    numbers: [ForecastNumber; 3],
    /// The requests by purpose, if there are several kinds.
    parts: Option<String>,
    contacts_title: &'static str,
}

struct ForecastNumber {
    number: String,
    label: &'static str,
}

struct ReasonsView {
    title: &'static str,
    rows: Vec<ReasonRow>,
    files: Option<RejectsFiles>,
    /// A sentence about contacts that the rejects do not list.
    unlisted: Option<String>,
}

struct RejectsFiles {
    csv: String,
    ndjson: String,
}

struct ReasonRow {
    class: &'static str,
    outcome: &'static str,
    reason: Vec<Span>,
    code: Option<String>,
    count: String,
}

struct WarningRow {
    field: String,
    reason: Vec<Span>,
    count: String,
}

struct SourceRow {
    object: String,
    version: String,
    size: String,
    bytes: String,
}

/// Renders a report as a page.
pub fn html(report: &Report) -> Result<String, askama::Error> {
    Page::of(report).render()
}

impl Page {
    fn of(report: &Report) -> Self {
        let headline = Headline::of(report);
        let forecast = report.dry_run.as_ref().filter(|_| is_forecast(report));
        let is_dry_run = report.dry_run.is_some();
        Self {
            name: sanitize(&report.display_name),
            export: report.run.export.to_string(),
            connection: report.connection.to_string(),
            when: format!("{} · took {}", moment(report.started_at), took(report)),
            class: headline.tone.class,
            sign: headline.tone.sign,
            message: headline.message.as_deref().map(spans).unwrap_or_default(),
            headline,
            notes: notes(report).iter().map(|note| sentence(note)).collect(),
            breakdown: Breakdown::of(report),
            forecast: forecast.map(ForecastView::of),
            consent: consent::lines(report),
            consent_verb: if sends(report) { "were sent" } else { "would be sent" },
            reasons: ReasonsView::of(report),
            warnings: warnings(report).into_iter().map(WarningRow::of).collect(),
            warnings_verb: if is_dry_run { "would be sent" } else { "were sent" },
            first_contacts: forecast
                .map(|forecast| forecast.first_contacts.iter().map(json).collect())
                .unwrap_or_default(),
            source: report
                .source
                .iter()
                .take(MAX_FILES)
                .map(|object| SourceRow {
                    object: sanitize(&object.object),
                    version: sanitize(&object.version),
                    size: size(object.size),
                    bytes: counted(object.size, "byte", "bytes"),
                })
                .collect(),
            more_source: more_source(report),
            details: run_details(report),
            report_json: file_name(&Key::ReportJson(report.run.clone())),
        }
    }
}

/// Returns the name of an object in the same folder as the page.
fn file_name(key: &Key) -> String {
    let key = key.to_string();
    key.rsplit('/').next().unwrap_or_default().to_owned()
}

/// Splits a message at its backticks, which enclose names. Unpaired backticks stay in the text.
fn spans(message: &str) -> Vec<Span> {
    let is_paired = message.matches('`').count().is_multiple_of(2);
    if !is_paired {
        return vec![Span { text: message.to_owned(), is_code: false }];
    }
    let pieces = message.split('`').enumerate();
    pieces.map(|(at, text)| Span { text: text.to_owned(), is_code: !at.is_multiple_of(2) }).collect()
}

impl ForecastView {
    fn of(forecast: &Forecast) -> Self {
        let (requests, parts) = (forecast.requests.all(), forecast::parts(forecast));
        let seconds = i64::try_from(forecast.seconds).unwrap_or(i64::MAX);
        let per_minute = forecast.requests_per_minute.get().into();
        let numbers = [
            (number(requests), plural(requests, "request", "requests")),
            (number(per_minute), plural(per_minute, "request per minute", "requests per minute")),
            (duration(seconds), "at this pace"),
        ];
        Self {
            numbers: numbers.map(|(number, label)| ForecastNumber { number, label }),
            parts: (parts.len() > 1).then(|| list(&parts, "and")),
            contacts_title: forecast::contacts_title(forecast),
        }
    }
}

impl ReasonsView {
    fn of(report: &Report) -> Option<Self> {
        let lines = reasons::lines(report);
        if lines.is_empty() {
            return None;
        }
        let unsettled = reasons::unsettled(&lines);
        let is_any_listed = lines.iter().any(|line| line.is_listed);
        Some(Self {
            title: reasons::title(report, &lines),
            files: is_any_listed.then(|| RejectsFiles {
                csv: file_name(&Key::RejectsCsv(report.run.clone())),
                ndjson: file_name(&Key::RejectsNdjson(report.run.clone())),
            }),
            unlisted: (unsettled > 0 && is_any_listed).then(|| {
                format!(
                    "They do not list {} that the run did not reach; run the export again to send them.",
                    counted(unsettled, "contact", "contacts"),
                )
            }),
            rows: lines.into_iter().map(ReasonRow::of).collect(),
        })
    }
}

impl ReasonRow {
    fn of(line: Line) -> Self {
        Self {
            class: line.class,
            count: number(line.count),
            reason: spans(&clip(&line.reason, REASON_CHARS)),
            // A code that repeats the outcome adds nothing.
            code: line
                .code
                .filter(|code| *code != line.outcome.as_str())
                .map(|code| clip(&code, REASON_CHARS)),
            outcome: line.outcome.as_str(),
        }
    }
}

impl WarningRow {
    fn of(warning: Warning) -> Self {
        Self { field: warning.field, reason: spans(&warning.reason), count: number(warning.count) }
    }
}

/// Returns the number and the size of the files that the page does not list.
fn more_source(report: &Report) -> Option<SourceRow> {
    let more = report.source.get(MAX_FILES..).filter(|more| !more.is_empty())?;
    let bytes = more.iter().map(|object| object.size).sum();
    let files = counted(u64::try_from(more.len()).unwrap_or(u64::MAX), "more file", "more files");
    Some(SourceRow {
        object: format!("and {files}, listed in report.json"),
        version: String::new(),
        size: size(bytes),
        bytes: counted(bytes, "byte", "bytes"),
    })
}

#[cfg(test)]
mod tests;
