//! The report as one page, with its styles inside and nothing loaded from elsewhere.

use askama::Template;

use super::{
    aside, consent,
    flow::{Flow, Sum},
    forecast, guards,
    headline::{Headline, is_forecast, sends},
    left_out::{self, Line},
    plain::{clip, json, plain},
    remarks::remarks,
    words::{and, count, counted, duration, moment, sentence, size, took},
};
use crate::{
    keys::Key,
    run::{Forecast, Report},
};

/// How much of a reason is shown, in characters; the rejects have all of it.
const REASON_CHARS: usize = 600;

/// What the page shows. Every text in it that others worded is plain; the template escapes it for HTML.
#[derive(Template)]
#[template(path = "report.html")]
struct Page {
    name: String,
    export: String,
    connection: String,
    /// When it started and how long it took, for the first look.
    when: String,
    class: &'static str,
    sign: &'static str,
    headline: Headline,
    message: Vec<Span>,
    remarks: Vec<String>,
    flow: Option<Flow>,
    forecast: Option<ForecastView>,
    consent: Vec<consent::Line>,
    consent_verb: &'static str,
    left_out: Option<LeftOut>,
    cells: Vec<Cells>,
    cells_note: &'static str,
    first_contacts: Vec<String>,
    source: Vec<Source>,
    /// What is too many files to name.
    more_source: Option<Source>,
    details: Vec<Detail>,
    report_json: String,
}

/// A stretch of a message.
#[derive(Debug, PartialEq)]
struct Span {
    text: String,
    is_code: bool,
}

struct ForecastView {
    numbers: [(String, &'static str); 3],
    /// The requests by what they are for, where there are several kinds.
    parts: Option<String>,
    contacts_title: &'static str,
}

struct LeftOut {
    title: &'static str,
    rows: Vec<Reject>,
    files: Option<Files>,
    /// What the files do not name.
    unlisted: Option<String>,
}

struct Files {
    csv: String,
    ndjson: String,
}

struct Reject {
    class: &'static str,
    outcome: &'static str,
    reason: Vec<Span>,
    code: Option<String>,
    count: String,
}

/// Cells of one field that were left out for one reason.
struct Cells {
    field: String,
    reason: Vec<Span>,
    count: String,
}

struct Source {
    object: String,
    version: String,
    size: String,
    bytes: String,
}

struct Detail {
    name: &'static str,
    value: String,
    note: Option<&'static str>,
    /// Whether the value is a name for programs.
    is_code: bool,
}

/// How many files of a drop the page names; `report.json` names all.
const FILES: usize = 20;

/// The page.
pub fn html(report: &Report) -> Result<String, askama::Error> {
    Page::of(report).render()
}

impl Page {
    fn of(report: &Report) -> Self {
        let headline = Headline::of(report);
        let forecast = report.dry_run.as_ref().filter(|_| is_forecast(report));
        Self {
            name: plain(&report.display_name),
            export: report.run.export.to_string(),
            connection: report.connection.to_string(),
            when: format!("{} · took {}", moment(report.started_at), took(report)),
            class: headline.tone.class(),
            sign: headline.tone.sign(),
            remarks: remarks(report).into_iter().map(|remark| sentence(&remark)).collect(),
            message: headline.message.as_deref().map(spans).unwrap_or_default(),
            headline,
            flow: Flow::of(report),
            forecast: forecast.map(ForecastView::of),
            consent: consent::lines(report),
            consent_verb: if sends(report) { "go" } else { "would go" },
            left_out: LeftOut::of(report),
            cells: left_out::cells(report).into_iter().map(Cells::of).collect(),
            cells_note: if report.dry_run.is_some() {
                "These cells do not hold what their field takes. Their contacts would be sent without them."
            } else {
                "These cells do not hold what their field takes. Their contacts go without them."
            },
            first_contacts: forecast
                .map(|forecast| forecast.first_contacts.iter().map(json).collect())
                .unwrap_or_default(),
            source: report
                .source
                .iter()
                .take(FILES)
                .map(|object| Source {
                    object: plain(&object.object),
                    version: plain(&object.version),
                    size: size(object.size),
                    bytes: counted(object.size, "byte", "bytes"),
                })
                .collect(),
            more_source: more_source(report),
            details: details(report),
            report_json: beside(&Key::ReportJson(report.run.clone())),
        }
    }
}

/// The name of an object that lies beside the page.
fn beside(key: &Key) -> String {
    let key = key.to_string();
    key.rsplit('/').next().unwrap_or_default().to_owned()
}

/// What stands between backticks is a name for programs; where they do not pair up, they are only signs.
fn spans(message: &str) -> Vec<Span> {
    let pairs_up = message.matches('`').count().is_multiple_of(2);
    if !pairs_up {
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
        Self {
            numbers: [
                (count(requests), if requests == 1 { "request" } else { "requests" }),
                (count(per_minute), if per_minute == 1 { "request a minute" } else { "requests a minute" }),
                (duration(seconds), "at this pace"),
            ],
            parts: (parts.len() > 1).then(|| and(&parts)),
            contacts_title: forecast::contacts_title(forecast),
        }
    }
}

impl LeftOut {
    fn of(report: &Report) -> Option<Self> {
        let lines = left_out::lines(report);
        if lines.is_empty() {
            return None;
        }
        let unlisted: u64 = lines.iter().filter(|line| !line.is_listed).map(|line| line.count).sum();
        let is_any_listed = lines.iter().any(|line| line.is_listed);
        Some(Self {
            title: left_out::title(report, &lines),
            files: is_any_listed.then(|| Files {
                csv: beside(&Key::RejectsCsv(report.run.clone())),
                ndjson: beside(&Key::RejectsNdjson(report.run.clone())),
            }),
            unlisted: (unlisted > 0 && is_any_listed).then(|| {
                format!(
                    "They do not name the {} that the run did not come to; run the export again for these.",
                    counted(unlisted, "contact", "contacts"),
                )
            }),
            rows: lines.into_iter().map(Reject::of).collect(),
        })
    }
}

impl Reject {
    fn of(line: Line) -> Self {
        Self {
            class: line.class,
            count: line.count_text(),
            reason: spans(&clip(&line.reason, REASON_CHARS)),
            // A code that only repeats the outcome says nothing more.
            code: line
                .code
                .filter(|code| *code != line.outcome.as_str())
                .map(|code| clip(&code, REASON_CHARS)),
            outcome: line.outcome.as_str(),
        }
    }
}

impl Cells {
    fn of(cells: left_out::Cells) -> Self {
        Self { field: cells.field, reason: spans(&cells.reason), count: count(cells.count) }
    }
}

/// The files that are not named: how many, and how large together.
fn more_source(report: &Report) -> Option<Source> {
    let more = report.source.get(FILES..).filter(|more| !more.is_empty())?;
    let bytes = more.iter().map(|object| object.size).sum();
    let files = counted(u64::try_from(more.len()).unwrap_or(u64::MAX), "more file", "more files");
    Some(Source {
        object: format!("and {files}, which report.json names"),
        version: String::new(),
        size: size(bytes),
        bytes: counted(bytes, "byte", "bytes"),
    })
}

fn details(report: &Report) -> Vec<Detail> {
    let text = |name, value| Detail { name, value, note: None, is_code: false };
    let code = |name, value| Detail { name, value, note: None, is_code: true };
    let dry = if report.dry_run.is_some() { ", dry run" } else { "" };
    let mut details = vec![
        text("Started", moment(report.started_at)),
        text("Ended", moment(report.ended_at)),
        text("Took", took(report)),
        text("Started by", trigger(&report.trigger)),
        text("Mode", format!("{}{dry}", report.mode.as_str())),
        text("State", report.state.as_str().to_owned()),
    ];
    details.extend(guards::note(report).map(|note| text("Guards", note)));
    let requests = report.requests;
    if report.batches > 0 || requests.upload > 0 || requests.settle > 0 {
        details.extend([
            text("Batches", count(report.batches)),
            Detail { note: Some("retries included"), ..text("Requests to send", count(requests.upload)) },
            Detail {
                note: Some("to find out what became of the batches"),
                ..text("Requests to settle", count(requests.settle))
            },
        ]);
    }
    if requests.tags > 0 {
        details.push(text("Requests for tags", count(requests.tags)));
    }
    details.extend(aside::tags(report).into_iter().map(|said| text("Tags", said)));
    if requests.segments > 0 {
        details.push(text("Requests for segments", count(requests.segments)));
    }
    details.extend(report.segments.iter().map(|seen| text("Segment", aside::segment(seen))));
    if requests.throttled > 0 {
        details.push(Detail {
            note: Some(
                "Omnisend answered these with “too many requests” (429), and they were repeated after a wait. \
                 Other integrations use the brand's budget too; to leave them more of it, lower \
                 requests_per_minute in the connection.",
            ),
            ..text("Throttled", count(requests.throttled))
        });
    }
    details.push(code("Run", report.run.run.to_string()));
    details
}

/// What started the run; a moment at its end to the second.
fn trigger(trigger: &str) -> String {
    let trigger = plain(trigger);
    let at = trigger.rsplit_once(' ').and_then(|(before, at)| Some((before, at.parse().ok()?)));
    match at {
        Some((before, at)) => format!("{before} {}", moment(at)),
        None => trigger,
    }
}

impl Sum {
    /// The bar in words, for those who do not see it.
    fn in_words(&self) -> String {
        let parts: Vec<&str> = self.bar.iter().map(|stretch| stretch.title.as_str()).collect();
        format!("{}: {}", self.title, parts.join("; "))
    }
}

#[cfg(test)]
mod tests;
