//! How an export's runs stand, for whoever asks. Reads what is written, and asks nobody.

use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

use super::{AppError, RunObjects, runs};
use crate::{
    keys::{ExportName, RunId, RunRef},
    ports::objects::Objects,
    run::{Counts, Manifest, RefusedDrop},
    stage::Records,
};

/// How many runs are shown of an export.
const SHOWN: usize = 10;

/// How an export's runs stand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Status {
    /// The export.
    pub export: ExportName,
    /// Its last runs, newest first.
    pub runs: Vec<RunStatus>,
    /// The drop that no run could be made of, unless a later run sends what is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused_drop: Option<RefusedStatus>,
}

/// How a run stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RunStatus {
    /// The run.
    pub run: RunId,
    /// Its report's state; before that `planning`, `running` or `canceling`; or `parked`.
    pub state: &'static str,
    /// Why it stands so, and what to do.
    pub why: Option<String>,
    /// What started it.
    pub trigger: Option<String>,
    /// Chunks that it has.
    pub chunks: Option<usize>,
    /// Of them, those that are sent.
    pub chunks_sent: usize,
    /// When something was last written of it.
    pub last_written: Timestamp,
    /// The counts of its report.
    pub counts: Option<Counts>,
}

/// A drop that no run could be made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RefusedStatus {
    /// What was dropped.
    pub what: String,
    /// Why there is no run of it.
    pub why: String,
    /// When it was tried last.
    pub at: Timestamp,
}

/// How the last runs of an export stand, or one of them.
pub async fn status(
    objects: Arc<dyn Objects>,
    export: ExportName,
    run: Option<RunId>,
) -> Result<Status, AppError> {
    let all = runs(&*objects, &export).await?;
    let records = Records::new(objects);
    let asked_for = |standing: &&RunObjects| run.as_ref().is_none_or(|run| standing.run.run == *run);
    let mut shown = Vec::new();
    for standing in all.iter().rev().filter(asked_for).take(SHOWN) {
        shown.push(of(&records, standing).await?);
    }
    if let (Some(run), true) = (run, shown.is_empty()) {
        return Err(AppError::NoRun { run: RunRef { export, run } });
    }
    let refused_drop = refused_since(&records, &export, &all).await?;
    Ok(Status { export, runs: shown, refused_drop })
}

async fn of(records: &Records, standing: &RunObjects) -> Result<RunStatus, AppError> {
    let run = &standing.run;
    let report = records.report(run).await?;
    let manifest = records.manifest(run).await?;
    let state = match &report {
        _ if standing.is_parked() => "parked",
        Some(report) => report.state.as_str(),
        None if standing.is_canceled() => "canceling",
        None if standing.is_planned() => "running",
        None => "planning",
    };
    let parked = if standing.is_parked() { records.parked(run).await? } else { None };
    let said = report.as_ref().and_then(|report| report.message.clone());
    Ok(RunStatus {
        run: run.run.clone(),
        state,
        why: parked.map(|parked| parked.reason).or(said),
        trigger: manifest.as_ref().map(Manifest::started_by),
        chunks: manifest.map(|manifest| manifest.chunks.len()),
        chunks_sent: standing.receipts(),
        last_written: standing.last_written,
        counts: report.map(|report| report.counts),
    })
}

async fn refused_since(
    records: &Records,
    export: &ExportName,
    runs: &[RunObjects],
) -> Result<Option<RefusedStatus>, AppError> {
    let Some(refused) = records.refused_drop(export).await? else { return Ok(None) };
    for standing in runs.iter().rev().take(SHOWN) {
        let manifest = records.manifest(&standing.run).await?;
        if manifest.is_some_and(|manifest| manifest.dry_run.is_none() && manifest.started_at > refused.at) {
            return Ok(None);
        }
    }
    let RefusedDrop { trigger, reason, at, .. } = refused;
    Ok(Some(RefusedStatus { what: trigger.to_string(), why: reason, at }))
}
