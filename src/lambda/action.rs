//! Runs manual actions.

use serde_json::{Value, json};

use super::{
    error::LambdaError,
    event::{Action, Part},
    metrics,
    starts::start,
};
use crate::{
    app::{App, AppError, Replayed, RunOptions, Swept, status},
    keys::{Location, RunRef},
};

/// Runs a manual action and returns its JSON result. `request_id` identifies the request if the action has no ID of its
/// own.
pub(super) async fn act(
    app: &App,
    state_bucket: &str,
    action: Action,
    request_id: &str,
) -> Result<Value, LambdaError> {
    let identified = |request: Option<String>| request.unwrap_or_else(|| request_id.to_owned());
    match action {
        Action::Run { export, mode, dry_run, show_values, allow, request } => {
            let options = RunOptions { mode, dry_run, show_values, allow };
            let request = app.request(&export, identified(request), options).await?;
            Ok(start(app, state_bucket, request).await?)
        }
        Action::Connect { connection } => Ok(json!(app.test(&connection).await?)),
        Action::Status { export, run } => Ok(json!(status(app.ports().objects.clone(), export, run).await?)),
        Action::Cancel { export, run } => {
            let run = RunRef { export, run };
            app.cancel(&run).await?;
            tracing::info!(export = %run.export, run = %run.run, "canceled");
            Ok(json!({ "canceled": run }))
        }
        Action::Undo { export, run, request } => {
            let run = RunRef { export, run };
            let undoing = app.undo(&run, identified(request)).await?;
            tracing::info!(export = %run.export, run = %run.run, by = %undoing.run.run, "undo started");
            Ok(json!({ "undoes": run, "run": undoing.run.run, "contacts": undoing.leaving }))
        }
        Action::Replay { export, run, file, request } => {
            let file = file.as_deref().map(Location::parse);
            Ok(replay(app, RunRef { export, run }, file, identified(request)).await?)
        }
        Action::Sweep { part } => Ok(sweep(app, state_bucket, part).await?),
    }
}

async fn replay(app: &App, run: RunRef, file: Option<Location>, request: String) -> Result<Value, AppError> {
    match app.replay(&run, file.as_ref(), request).await? {
        Replayed::Resumed => {
            tracing::info!(export = %run.export, run = %run.run, "resumed");
            Ok(json!({ "resumed": run }))
        }
        Replayed::Started(by) => {
            tracing::info!(export = %run.export, run = %run.run, by = %by.run.run, "replay started");
            Ok(json!({ "replays": run, "run": by.run.run, "planned": by.planned }))
        }
        Replayed::Over(report) => Ok(json!(report)),
    }
}

/// Runs one part of the sweep, or both.
async fn sweep(app: &App, state_bucket: &str, part: Option<Part>) -> Result<Value, AppError> {
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
