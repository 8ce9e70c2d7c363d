//! Report: sums up a run's records in `report.json` and `report.html`, and writes its rejects. It sends no requests, so
//! a report can be created again at any time.

mod cells;
mod error;
mod output;
mod reject;
mod rejects;
mod sums;
mod tally;
mod verdict;

use std::collections::BTreeMap;

use bytes::Bytes;
use jiff::Timestamp;

pub use self::error::ReportError;
use self::{
    sums::{Sums, sum_up},
    verdict::{EarlyEnd, verdict},
};
use super::Records;
use crate::{
    keys::Key,
    ports::{Ports, objects::Put},
    run::{Counts, Manifest, Reason, Report, SourceObject, Unbalanced},
};

/// Writes the rejects and the report of a run. `report.json` is written last: it finishes the run.
pub async fn report(ports: &Ports, manifest: &Manifest) -> Result<Report, ReportError> {
    let records = Records::new(ports.objects.clone());
    let early_end = EarlyEnd::read(&records, &manifest.run).await?;
    let (mut sums, tally) = sum_up(&records, manifest).await?;
    sums.requests.settle += early_end.halted.as_ref().map_or(0, |halted| halted.requests);
    let report = build(manifest, &early_end, &sums, tally.reasons(), ports.clock.now())
        .map_err(|source| ReportError::Unbalanced { run: manifest.run.clone(), source: Box::new(source) })?;
    let page = crate::report::html(&report)?;
    let page_key = Key::ReportHtml(manifest.run.clone());
    records.objects().put(&(&page_key).into(), Bytes::from(page), Put::Replace).await?;
    records.write(&manifest.run, &report).await?;
    Ok(report)
}

/// Builds the report from the sums. Pure.
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
            .map(|object| SourceObject {
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
