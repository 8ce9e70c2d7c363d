//! The facts about a run at the end of the page.

use super::{
    format::{moment, took},
    guards,
    sanitize::sanitize,
    tags_and_segments,
};
use crate::{run::Report, wording::number};

pub(super) struct Detail {
    pub name: &'static str,
    pub value: String,
    pub note: Option<&'static str>,
    /// Whether the value is a name for programs.
    pub is_code: bool,
}

impl Detail {
    fn new(name: &'static str, value: String) -> Self {
        Self { name, value, note: None, is_code: false }
    }

    fn with_note(self, note: &'static str) -> Self {
        Self { note: Some(note), ..self }
    }
}

pub(super) fn run_details(report: &Report) -> Vec<Detail> {
    let dry_run = if report.dry_run.is_some() { ", dry run" } else { "" };
    let mut details = vec![
        Detail::new("Started", moment(report.started_at)),
        Detail::new("Ended", moment(report.ended_at)),
        Detail::new("Took", took(report)),
        Detail::new("Started by", trigger(&report.trigger)),
        Detail::new("Mode", format!("{}{dry_run}", report.mode.as_str())),
        Detail::new("State", report.state.as_str().to_owned()),
    ];
    details.extend(guards::note(report).map(|note| Detail::new("Guards", note)));
    let requests = report.requests;
    if report.batches > 0 || requests.upload > 0 || requests.settle > 0 {
        details.extend([
            Detail::new("Batches", number(report.batches)),
            Detail::new("Requests to send", number(requests.upload)).with_note("retries included"),
            Detail::new("Requests to settle", number(requests.settle))
                .with_note("to ask for the outcome of the batches"),
        ]);
    }
    if requests.tags > 0 {
        details.push(Detail::new("Requests for tags", number(requests.tags)));
    }
    details.extend(tags_and_segments::tags(report).into_iter().map(|tags| Detail::new("Tags", tags)));
    if requests.segments > 0 {
        details.push(Detail::new("Requests for segments", number(requests.segments)));
    }
    let segments = report.segments.iter().map(tags_and_segments::segment);
    details.extend(segments.map(|segment| Detail::new("Segment", segment)));
    if requests.throttled > 0 {
        details.push(Detail::new("Throttled", number(requests.throttled)).with_note(
            "Omnisend answered these requests with 429 (too many requests), and they were retried after a wait. Other \
             integrations use the brand's request limit too. To leave more of it to them, lower requests_per_minute \
             in the connection.",
        ));
    }
    details.push(Detail { is_code: true, ..Detail::new("Run", report.run.run.to_string()) });
    details
}

/// Returns what started the run. A time at the end is shown to the second.
fn trigger(trigger: &str) -> String {
    let trigger = sanitize(trigger);
    let at = trigger.rsplit_once(' ').and_then(|(before, at)| Some((before, at.parse().ok()?)));
    match at {
        Some((before, at)) => format!("{before} {}", moment(at)),
        None => trigger,
    }
}
