//! Starting runs: plan, then the messages; and the report at once where there is nothing to send.

use std::sync::Arc;

use super::{App, AppError, RunObjects, runs};
use crate::{
    config::{Connection, Export},
    keys::{Key, RunRef},
    kill_point,
    ports::objects::Put,
    run::{Allowed, Manifest, Mode, RefusedDrop, Report, Trigger},
    stage::{
        Records,
        drop::Sources,
        enqueue,
        plan::{self, PlanError, Request},
        report::report,
    },
};

/// What whoever asks for a run may say of it.
#[derive(Debug, Clone, Default)]
pub struct Ask {
    /// How much of the segment to send, instead of what the export says.
    pub mode: Option<Mode>,
    /// Say what would be sent, and send nothing.
    pub dry_run: bool,
    /// Whether a dry run shows the values of its first contacts, and not only their shape.
    pub show_values: bool,
    /// The guards that the run is let through.
    pub allow: Allowed,
    /// What the run reads, if it is resolved already.
    pub sources: Option<Sources>,
}

/// A run that was started, or found started already.
#[derive(Debug)]
pub struct Started {
    /// Its plan.
    pub manifest: Manifest,
    /// Its report, where it is over already: a dry run, or one that a guard stopped.
    pub report: Option<Box<Report>>,
}

impl App {
    /// Starts the run that a trigger stands for, unless it is there.
    pub async fn start(
        &self,
        connection: Connection,
        export: Export,
        trigger: Trigger,
        ask: Ask,
    ) -> Result<Started, AppError> {
        let ports = self.ports();
        let name = export.name().clone();
        // The same request may come again at another time; its run is told by the end of its id.
        let ending = trigger.id_ending(&name);
        let there = runs(&*ports.objects, &name).await?;
        let there = there.iter().find(|standing| standing.run.run.as_str().ends_with(&ending));
        let run = match there {
            Some(standing) => standing.run.clone(),
            None => RunRef { run: trigger.run_id(&name), export: name },
        };
        let is_over = there.is_some_and(RunObjects::is_reported);
        let mode = ask.mode.unwrap_or(export.mode());
        let request = Request {
            connection: Arc::new(connection),
            export: Arc::new(export),
            trigger,
            run,
            mode,
            dry_run: ask.dry_run,
            show_values: ask.show_values,
            allowed: ask.allow,
            sources: ask.sources,
        };
        let manifest = match plan::plan(ports, &request, self.observer()).await {
            Err(error) if error.is_of_the_drop() => {
                self.remember(&request, &error).await;
                return Err(error.into());
            }
            planned => planned?,
        };
        if is_over {
            return Ok(Started { manifest, report: None });
        }
        if manifest.chunks_to_send().next().is_none()
            && (manifest.dry_run.is_some() || !manifest.stopped.is_empty())
        {
            let report = report(ports, &manifest).await?;
            return Ok(Started { manifest, report: Some(Box::new(report)) });
        }
        kill_point::reach("start.planned");
        enqueue(ports, &manifest, "").await?;
        Ok(Started { manifest, report: None })
    }

    /// Remembers a drop that no run can be made of, so that the sweep does not try it for days.
    async fn remember(&self, request: &Request, error: &PlanError) {
        let Trigger::Drop { .. } = &request.trigger else { return };
        let records = Records::new(self.ports().objects.clone());
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
            records.write(&Key::RefusedDrop(export.clone()), &refused, Put::Replace).await
        };
        if let Err(error) = remembered.await {
            tracing::warn!(%export, %error, "it could not be remembered that a drop was refused");
        }
    }
}
