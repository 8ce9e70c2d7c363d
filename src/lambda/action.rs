//! Actions: what somebody asks for with a manual event.

use serde_json::{Value, json};

use super::{
    LambdaError,
    event::{Action, Part},
    metrics,
    starts::start,
};
use crate::{
    app::{App, AppError, Ask, Replayed, Swept, status},
    config::load_export,
    keys::{Location, RunRef},
    run::Trigger,
};

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
                Ask { mode, dry_run, show_values, allow, sources: None },
            )
            .await?)
        }
        Action::Connect { connection } => {
            let tested = app.test(&connection).await?;
            Ok(json!(tested))
        }
        Action::Status { export, run } => Ok(json!(status(ports.objects.clone(), export, run).await?)),
        Action::Cancel { export, run } => {
            let run = RunRef { export, run };
            app.cancel(&run).await?;
            tracing::info!(export = %run.export, run = %run.run, "canceled");
            Ok(json!({ "canceled": run }))
        }
        Action::Undo { export, run, request } => {
            let run = RunRef { export, run };
            let request = request.unwrap_or_else(|| request_id.to_owned());
            let undoing = app.undo(&run, Trigger::Call { at: now, request }).await?;
            tracing::info!(export = %run.export, run = %run.run, by = %undoing.run.run, "is being undone");
            Ok(json!({ "undoes": run, "run": undoing.run.run, "contacts": undoing.leaving }))
        }
        Action::Replay { export, run, file, request } => {
            let run = RunRef { export, run };
            let file = file.as_deref().map(Location::parse);
            let request = request.unwrap_or_else(|| request_id.to_owned());
            match app.replay(&run, file.as_ref(), Trigger::Call { at: now, request }).await? {
                Replayed::Resumed => {
                    tracing::info!(export = %run.export, run = %run.run, "taken up again");
                    Ok(json!({ "resumed": run }))
                }
                Replayed::Started(by) => {
                    tracing::info!(export = %run.export, run = %run.run, by = %by.run.run, "is replayed");
                    Ok(json!({ "replays": run, "run": by.run.run, "planned": by.planned }))
                }
                Replayed::Over(report) => Ok(json!(report)),
            }
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
