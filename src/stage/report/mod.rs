//! Report: sums up a run's records in `report.json` and `report.html`, and writes its rejects. It sends no requests, so
//! a report can be made again at any time.

mod cells;
mod error;
mod output;
mod reject;
mod rejects;
mod sums;
mod tally;

use std::collections::BTreeMap;

use bytes::Bytes;
use jiff::Timestamp;

pub use self::error::ReportError;
use self::sums::{Sums, sum_up};
use super::{RecordError, Records};
use crate::{
    keys::{Key, RunRef},
    omnisend::is_subscription_limit,
    ports::{Ports, objects::Put},
    run::{
        Counts, Halted, Manifest, Parked, Reason, Report, RowOutcome, Settled, SourceLine, State, Unbalanced,
        stopped,
    },
};

/// Why a run ended before everything was sent, if it did.
struct EarlyEnd {
    canceled: bool,
    halted: Option<Halted>,
    parked: Option<Parked>,
}

impl EarlyEnd {
    async fn read(records: &Records, run: &RunRef) -> Result<Self, RecordError> {
        Ok(Self {
            canceled: records.is_canceled(run).await?,
            halted: records.halted(run).await?,
            parked: records.parked(run).await?,
        })
    }
}

/// Writes the rejects and the report of a run. `report.json` is written last: it finishes the run.
pub async fn report(ports: &Ports, manifest: &Manifest) -> Result<Report, ReportError> {
    let records = Records::new(ports.objects.clone());
    let early_end = EarlyEnd::read(&records, &manifest.run).await?;
    let (mut sums, tally) = sum_up(&records, manifest).await?;
    sums.requests.settle += early_end.halted.as_ref().map_or(0, |halted| halted.requests);
    let report = build(manifest, &early_end, &sums, tally.reasons(), ports.clock.now())
        .map_err(|source| ReportError::Unbalanced { run: manifest.run.clone(), source })?;
    let page = crate::report::html(&report)?;
    let page_key = Key::ReportHtml(manifest.run.clone());
    records.objects().put(&(&page_key).into(), Bytes::from(page), Put::Replace).await?;
    records.write(&manifest.run, &report).await?;
    Ok(report)
}

/// The report of these sums. Pure.
fn build(
    manifest: &Manifest,
    early_end: &EarlyEnd,
    sums: &Sums,
    reasons: Vec<Reason>,
    ended_at: Timestamp,
) -> Result<Report, Unbalanced> {
    let counts = Counts::new(manifest.planned, sums.settled)?;
    let (state, message) = verdict(manifest, early_end, &counts, sums.not_sent, &reasons);
    Ok(Report {
        run: manifest.run.clone(),
        connection: manifest.connection.clone(),
        display_name: manifest.display_name.clone(),
        mode: manifest.mode,
        state,
        message,
        trigger: manifest.started_by(),
        started_at: manifest.started_at,
        ended_at,
        source: manifest
            .source
            .iter()
            .map(|object| SourceLine {
                object: object.location.to_string(),
                version: object.version.clone(),
                size: object.size,
            })
            .collect(),
        counts,
        undoes: manifest.undoes.clone(),
        corrects: manifest.corrects.clone(),
        replays: manifest.replays.clone(),
        sends_all: manifest.sends_all,
        overlapping: manifest.overlapping,
        conflicting: manifest.conflicting,
        not_sent: sums.not_sent,
        batches: sums.batches,
        requests: sums.requests,
        tags: sums.tags,
        segments: sums.segments.clone(),
        warnings: BTreeMap::clone(&manifest.warnings),
        consent: manifest.consent.clone(),
        reasons,
        rejects_without_cells: sums.rejects_without_cells,
        guards: manifest.guards,
        allowed: manifest.allowed.clone(),
        stopped: manifest.stopped.clone(),
        dry_run: manifest.forecast(),
    })
}

/// How the run ended, and the message for people, if there is something to say.
fn verdict(
    manifest: &Manifest,
    early_end: &EarlyEnd,
    counts: &Counts,
    not_sent: u64,
    reasons: &[Reason],
) -> (State, Option<String>) {
    if !manifest.stopped.is_empty() {
        let said = stopped(&manifest.stopped, &manifest.run.export);
        let would = if manifest.dry_run.is_some() { "a run now would be stopped: " } else { "" };
        return (State::Stopped, Some(format!("{would}{said}")));
    }
    if manifest.dry_run.is_some() {
        let clean = counts.planned().invalid == 0;
        return (if clean { State::Succeeded } else { State::Partial }, None);
    }
    if let Some(parked) = &early_end.parked {
        return (State::Failed, Some(parked.reason.clone()));
    }
    if early_end.canceled {
        let message = "the run was canceled; what was sent before stays in Omnisend".to_owned();
        return (State::Canceled, Some(message));
    }
    if let Some(halted) = &early_end.halted {
        return (State::Partial, Some(refuses_all(halted, counts, not_sent)));
    }
    let state = match (counts.is_clean(), counts.planned().sent) {
        (true, 0) if manifest.removals.is_empty() => State::Skipped,
        (true, _) => State::Succeeded,
        (false, _) => State::Partial,
    };
    (state, refusals(counts, reasons))
}

/// That Omnisend refuses whatever would still be sent, and what became of the run.
fn refuses_all(halted: &Halted, counts: &Counts, not_sent: u64) -> String {
    let Halted { code, reason, .. } = halted;
    let (what, then) = if halted.is_of_the_plan() {
        ("contacts for the brand's plan", "make room in the brand's plan, or choose a larger one")
    } else {
        ("contact after contact in the same words", "see to what it says")
    };
    let Settled { accepted, rejected, .. } = counts.settled();
    format!(
        "Omnisend refuses {what}: {} ({code}). The run was stopped early: {accepted} arrived, {rejected} were refused, \
         and {not_sent} were not sent. To send them, {then}, and run the export again",
        reason.trim_end_matches('.')
    )
}

/// Why Omnisend refused contacts, or most of them: what a person must see first, such as a plan that is full.
fn refusals(counts: &Counts, reasons: &[Reason]) -> Option<String> {
    let most = reasons.iter().find(|reason| reason.outcome == RowOutcome::Rejected)?;
    let rejected = counts.settled().rejected;
    let share =
        if most.count < rejected { format!(", {} of them because", most.count) } else { String::new() };
    let advice = if is_subscription_limit(&most.code, &most.reason) {
        " Make room in the brand's plan, or choose a larger one, and run the export again."
    } else {
        ""
    };
    let contacts = if rejected == 1 { "contact" } else { "contacts" };
    Some(format!("Omnisend refused {rejected} {contacts}{share}: {}{advice}", most.reason))
}
