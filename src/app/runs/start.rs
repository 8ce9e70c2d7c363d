//! Starts a run: plans it and sends its messages, or reports it at once if it sends nothing.

use super::{attempt::Attempt, request::RunRequest};
use crate::{
    app::{application::App, error::AppError},
    keys::{ExportName, RunRef},
    kill_point,
    run::{Manifest, RefusedDrop, Report, Trigger, cautions},
    stage::{
        RunObjects,
        plan::{PlanError, Request, plan},
        report::report,
        runs,
    },
};

/// A run that was started, now or by an earlier request with the same trigger.
#[derive(Debug)]
pub struct Started {
    pub manifest: Manifest,
    /// The report of a dry run, or of a run that a guard stopped: such a run is over at once.
    pub report: Option<Box<Report>>,
}

/// The run that a trigger starts.
pub(super) struct TriggeredRun {
    pub run: RunRef,
    /// Whether an earlier request with the same trigger started it, and it already has its report.
    pub is_reported: bool,
}

impl TriggeredRun {
    /// Finds the run among the export's runs, or names a new one. A call may be repeated at another time, so its run is
    /// recognized by the end of its ID.
    pub(super) fn find(trigger: &Trigger, export: &ExportName, runs: &[RunObjects]) -> Self {
        let ending = trigger.id_ending(export);
        if let Some(earlier) = runs.iter().find(|stored| stored.run.run.as_str().ends_with(&ending)) {
            return Self { run: earlier.run.clone(), is_reported: earlier.is_reported() };
        }
        let run = RunRef { run: trigger.run_id(export), export: export.clone() };
        Self { run, is_reported: false }
    }
}

impl App {
    /// What a person should know before the export's first run. Empty if it has a settled run.
    pub async fn cautions(&self, request: &RunRequest) -> Result<Vec<&'static str>, AppError> {
        let export = &request.export;
        if self.records().snapshot(export.name()).await?.is_some() {
            return Ok(Vec::new());
        }
        Ok(cautions(export.mapping().consent.email.is_some()))
    }

    /// Starts the requested run, unless its trigger started it before.
    pub async fn start(&self, request: RunRequest) -> Result<Started, AppError> {
        let ports = self.ports();
        let name = request.export.name();
        let existing = runs(&*ports.objects, name).await?;
        let TriggeredRun { run, is_reported } = TriggeredRun::find(&request.trigger, name, &existing);
        let mode = request.mode();
        let RunRequest { connection, export, trigger, sources, options } = request;
        let request = Request {
            connection,
            export,
            trigger,
            run,
            mode,
            dry_run: options.dry_run,
            show_values: options.show_values,
            allowed: options.allow,
            sources,
        };
        let manifest = match plan(ports, &request, self.observer()).await {
            Err(error) if error.is_caused_by_the_drop() => {
                self.remember_refused_drop(&request, &error).await;
                return Err(error.into());
            }
            planned => planned?,
        };
        if is_reported {
            return Ok(Started { manifest, report: None });
        }
        if !manifest.sends() {
            let report = report(ports, &manifest).await?;
            return Ok(Started { manifest, report: Some(Box::new(report)) });
        }
        kill_point::reach("start.planned");
        self.enqueue(&manifest, &Attempt::first()).await?;
        Ok(Started { manifest, report: None })
    }

    /// Records a drop that cannot be run, so that the sweep does not retry it for days.
    async fn remember_refused_drop(&self, request: &Request, error: &PlanError) {
        let Trigger::Drop { .. } = &request.trigger else { return };
        let records = self.records();
        let export = request.export.name();
        let remembered = async {
            let before =
                records.refused_drop(export).await?.filter(|before| before.trigger == request.trigger);
            let refused = RefusedDrop {
                trigger: request.trigger.clone(),
                reason: error.to_string(),
                attempts: before.map_or(0, |before| before.attempts) + 1,
                at: self.ports().clock.now(),
            };
            records.write(export, &refused).await
        };
        if let Err(error) = remembered.await {
            tracing::warn!(%export, %error, "the refused drop could not be recorded");
        }
    }
}
