//! The status of an export's runs, from the stored objects.

use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

use super::error::AppError;
use crate::{
    keys::{ExportName, RunId, RunRef},
    ports::objects::Objects,
    run::{Counts, Manifest, RefusedDrop},
    stage::{Records, RunObjects, runs},
};

/// The most runs that a status shows.
const SHOWN: usize = 10;

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Status {
    pub export: ExportName,
    /// The last runs, newest first.
    pub runs: Vec<RunStatus>,
    /// The newest drop that could not be run, unless a later run has started since.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused_drop: Option<RefusedStatus>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RunStatus {
    pub run: RunId,
    /// The state of its report; without a report `planning`, `running` or `canceling`; or `parked`.
    pub state: &'static str,
    /// Why it is in this state, and what to do.
    pub why: Option<String>,
    pub trigger: Option<String>,
    pub chunks: Option<usize>,
    pub chunks_sent: usize,
    /// When an object of the run was last written.
    pub last_written: Timestamp,
    /// The counts of its report.
    pub counts: Option<Counts>,
}

/// A drop that could not be run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RefusedStatus {
    /// The dropped files.
    pub what: String,
    pub why: String,
    /// When it was last tried.
    pub at: Timestamp,
}

/// Returns the status of an export's last runs, or of one run.
pub async fn status(
    objects: Arc<dyn Objects>,
    export: ExportName,
    run: Option<RunId>,
) -> Result<Status, AppError> {
    let all = runs(&*objects, &export).await?;
    let records = Records::new(objects);
    let is_shown = |stored: &&RunObjects| run.as_ref().is_none_or(|run| stored.run.run == *run);
    let mut shown = Vec::new();
    for stored in all.iter().rev().filter(is_shown).take(SHOWN) {
        shown.push(run_status(&records, stored).await?);
    }
    if let (Some(run), true) = (run, shown.is_empty()) {
        return Err(AppError::NoRun { run: RunRef { export, run } });
    }
    let refused_drop = refused_drop(&records, &export, &all).await?;
    Ok(Status { export, runs: shown, refused_drop })
}

async fn run_status(records: &Records, stored: &RunObjects) -> Result<RunStatus, AppError> {
    let run = &stored.run;
    let report = records.report(run).await?;
    let manifest = records.manifest(run).await?;
    let state = match &report {
        _ if stored.is_parked() => "parked",
        Some(report) => report.state.as_str(),
        None if stored.is_canceled() => "canceling",
        None if stored.is_planned() => "running",
        None => "planning",
    };
    let parked = if stored.is_parked() { records.parked(run).await? } else { None };
    let message = report.as_ref().and_then(|report| report.message.clone());
    Ok(RunStatus {
        run: run.run.clone(),
        state,
        why: parked.map(|parked| parked.reason).or(message),
        trigger: manifest.as_ref().map(Manifest::started_by),
        chunks: manifest.map(|manifest| manifest.chunks.len()),
        chunks_sent: stored.receipts(),
        last_written: stored.last_written,
        counts: report.map(|report| report.counts),
    })
}

async fn refused_drop(
    records: &Records,
    export: &ExportName,
    runs: &[RunObjects],
) -> Result<Option<RefusedStatus>, AppError> {
    let Some(refused) = records.refused_drop(export).await? else { return Ok(None) };
    for stored in runs.iter().rev().take(SHOWN) {
        let manifest = records.manifest(&stored.run).await?;
        if manifest.is_some_and(|manifest| manifest.dry_run.is_none() && manifest.started_at > refused.at) {
            return Ok(None);
        }
    }
    let RefusedDrop { trigger, reason, at, .. } = refused;
    Ok(Some(RefusedStatus { what: trigger.to_string(), why: reason, at }))
}
