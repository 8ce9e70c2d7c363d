//! Parks a run: it waits for a person, and meanwhile its messages leave the queue.

use crate::{
    app::{application::App, error::AppError},
    keys::RunRef,
    run::{Manifest, Parked},
};

impl App {
    /// Parks a run, unless it is parked already: the first reason is the one to fix.
    pub async fn park(&self, run: &RunRef, reason: String) -> Result<(), AppError> {
        let records = self.records();
        if records.has::<Parked>(run).await? {
            return Ok(());
        }
        let parked = Parked { reason, at: self.ports().clock.now() };
        records.write(run, &parked).await?;
        tracing::error!(export = %run.export, run = %run.run, reason = parked.reason, "the run is parked");
        Ok(())
    }

    /// Resumes a parked run.
    pub(super) async fn resume_parked(&self, manifest: &Manifest) -> Result<(), AppError> {
        self.unpark(&manifest.run).await?;
        self.enqueue_again(manifest).await
    }

    pub(super) async fn unpark(&self, run: &RunRef) -> Result<(), AppError> {
        Ok(self.records().delete::<Parked>(run).await?)
    }
}
