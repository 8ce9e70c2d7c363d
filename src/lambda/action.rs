//! Actions: what somebody asks for with a manual event.

use serde_json::{Value, json};

use super::{
    LambdaError,
    event::{Action, Part},
    metrics,
    starts::start,
};
use crate::{
    app::{App, AppError, Ask, Standing, Swept, runs},
    config::{load_connection, load_export},
    run::{ExportName, Manifest, RefusedDrop, RunRef, Trigger},
    stage::Records,
};

/// How many runs are shown of an export.
const SHOWN: usize = 10;

/// Does what is asked for, and answers with what became of it.
pub(super) async fn act(
    app: &App,
    state_bucket: &str,
    action: Action,
    request_id: &str,
) -> Result<Value, LambdaError> {
    let ports = app.ports();
    let now = ports.clock.now();
    match action {
        Action::Run { export, mode, dry_run, show_values, allow, request } => {
            let found = load_export(&*ports.objects, &export, now).await;
            let (connection, export) = found.map_err(AppError::from)?;
            let request = request.unwrap_or_else(|| request_id.to_owned());
            let trigger = Trigger::Call { at: now, request };
            Ok(start(
                app,
                state_bucket,
                (connection, export),
                trigger,
                Ask { mode, dry_run, show_values, allow },
            )
            .await?)
        }
        Action::Connect { connection } => {
            let loaded = load_connection(&*ports.objects, &connection, now).await.map_err(AppError::from)?;
            let brand = app.brand(&connection).await?;
            Ok(json!({
                "connection": connection,
                "display_name": loaded.display_name(),
                "brand": brand.name,
                "brand_id": brand.brand_id,
                "website": brand.website,
                "requests_per_minute": loaded.budget(),
            }))
        }
        Action::Status { export, run } => {
            let runs = runs(&*ports.objects, &export).await.map_err(AppError::from)?;
            let asked_for = |standing: &&Standing| run.as_ref().is_none_or(|run| standing.run.run == *run);
            let mut shown = Vec::new();
            for standing in runs.iter().rev().filter(asked_for).take(SHOWN) {
                shown.push(status(app, standing).await?);
            }
            if let (Some(run), true) = (run, shown.is_empty()) {
                return Err(AppError::NoRun { run: RunRef { export, run } }.into());
            }
            let Some(refused) = refused_since(app, &export, &runs).await? else {
                return Ok(json!({ "export": export, "runs": shown }));
            };
            let RefusedDrop { trigger, reason, at, .. } = refused;
            let refused = json!({ "what": trigger.to_string(), "why": reason, "at": at });
            Ok(json!({ "export": export, "runs": shown, "refused_drop": refused }))
        }
        Action::Cancel { export, run } => {
            let run = RunRef { export, run };
            app.cancel(&run).await?;
            tracing::info!(export = %run.export, run = %run.run, "canceled");
            Ok(json!({ "canceled": run }))
        }
        Action::Replay { export, run } => {
            let run = RunRef { export, run };
            app.resume(&run).await?;
            tracing::info!(export = %run.export, run = %run.run, "taken up again");
            Ok(json!({ "resumed": run }))
        }
        Action::Sweep { part } => {
            let mut swept = Swept::default();
            if part != Some(Part::Drops) {
                swept = app.sweep_runs().await?;
                metrics::put(state_bucket, &[("ParkedRuns", swept.parked.into())]);
            }
            if part != Some(Part::Runs) {
                let drops = app.sweep_drops().await?;
                (swept.late_drops, swept.stopped) = (drops.late_drops, drops.stopped);
                swept.refused_drops = drops.refused_drops;
                swept.failed += drops.failed;
                let (late, refused) = (swept.late_drops.into(), swept.refused_drops.into());
                metrics::put(state_bucket, &[("LateDrops", late), ("RefusedDrops", refused)]);
                if swept.stopped > 0 {
                    metrics::put(state_bucket, &[("FailedRuns", swept.stopped.into())]);
                }
            }
            metrics::put(state_bucket, &[("SweepFailures", swept.failed.into())]);
            tracing::info!(
                resumed = swept.resumed,
                settling = swept.settling,
                parked = swept.parked,
                late_drops = swept.late_drops,
                refused_drops = swept.refused_drops,
                failed = swept.failed,
                "swept"
            );
            Ok(json!(swept))
        }
    }
}

/// The drop that no run could be made of, unless a later run sends what is there.
async fn refused_since(
    app: &App,
    export: &ExportName,
    runs: &[Standing],
) -> Result<Option<RefusedDrop>, AppError> {
    let records = Records::new(app.ports().objects.clone());
    let Some(refused) = records.refused_drop(export).await? else { return Ok(None) };
    for standing in runs.iter().rev().take(SHOWN) {
        let manifest = records.manifest(&standing.run).await?;
        if manifest.is_some_and(|manifest| manifest.dry_run.is_none() && manifest.started_at > refused.at) {
            return Ok(None);
        }
    }
    Ok(Some(refused))
}

async fn status(app: &App, standing: &Standing) -> Result<Value, LambdaError> {
    let records = Records::new(app.ports().objects.clone());
    let run = &standing.run;
    let report = records.report(run).await.map_err(AppError::from)?;
    let manifest = records.manifest(run).await.map_err(AppError::from)?;
    let state = match &report {
        _ if standing.is_parked() => "parked",
        Some(report) => report.state.as_str(),
        None if standing.is_canceled() => "canceling",
        None if standing.is_planned() => "running",
        None => "planning",
    };
    let parked = if standing.is_parked() { records.parked(run).await.map_err(AppError::from)? } else { None };
    Ok(json!({
        "run": run.run,
        "state": state,
        "why": parked.map(|parked| parked.reason),
        "trigger": manifest.as_ref().map(Manifest::started_by),
        "chunks": manifest.map(|manifest| manifest.chunks.len()),
        "chunks_sent": standing.receipts(),
        "last_written": standing.last_written,
        "counts": report.map(|report| report.counts),
    }))
}
