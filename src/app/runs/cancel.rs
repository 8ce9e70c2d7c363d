//! Cancels a run: it stops at its next batch, and what was sent stays in Omnisend.

use super::attempt::Attempt;
use crate::{
    app::{application::App, error::AppError},
    keys::{ExportName, RunId, RunRef},
    run::{Canceled, Manifest},
    stage::runs,
};

impl App {
    pub async fn cancel(&self, run: &RunRef) -> Result<(), AppError> {
        self.manifest(run).await?;
        self.records().write(run, &Canceled { at: self.ports().clock.now() }).await?;
        self.unpark(run).await
    }

    /// Sends the message that settles a canceled run: its earlier messages may be gone.
    pub async fn settle_canceled(&self, manifest: &Manifest) -> Result<(), AppError> {
        self.enqueue_settlement(manifest, &Attempt::again(self.ports().clock.now())).await
    }

    /// Returns an export's unfinished run: `run` if it is given, or else the newest.
    pub async fn unfinished(&self, export: &ExportName, run: Option<&RunId>) -> Result<Manifest, AppError> {
        for stored in runs(&*self.ports().objects, export).await?.into_iter().rev() {
            if run.is_some_and(|run| stored.run.run != *run) {
                continue;
            }
            let Some(manifest) = self.records().manifest(&stored.run).await? else { continue };
            if !stored.is_over() && manifest.dry_run.is_none() {
                return Ok(manifest);
            }
            if run.is_some() {
                return Err(AppError::Over { run: stored.run.run });
            }
        }
        Err(match run {
            Some(run) => AppError::NoRun { run: RunRef { export: export.clone(), run: run.clone() } },
            None => AppError::NothingUnfinished { export: export.clone() },
        })
    }
}
