//! The end of a run: the snapshot, then the report.

use super::handled::Handled;
use crate::{
    app::{application::App, error::AppError},
    run::Manifest,
    stage::{RecordError, report::report, snapshot::remember},
};

impl App {
    /// Merges what the run sent into the snapshot, and writes the report.
    pub(super) async fn finish(&self, manifest: &Manifest) -> Result<Handled, AppError> {
        match remember(self.ports(), manifest).await {
            // A damaged snapshot stays as it is; the next plan says what to do about it.
            Err(RecordError::Damaged { key, reason }) => {
                let reason = format!("the snapshot could not be updated: {key}: {reason}");
                self.park(&manifest.run, reason).await?;
            }
            remembered => remembered?,
        }
        Ok(Handled::Finished(Box::new(report(self.ports(), manifest).await?)))
    }
}
