//! Sends a run's messages.

use super::attempt::Attempt;
use crate::{
    app::{application::App, error::AppError},
    run::Manifest,
    stage::plan,
};

impl App {
    /// Sends a message for every chunk that has no receipt, then the message that settles the run.
    pub(super) async fn enqueue(&self, manifest: &Manifest, attempt: &Attempt) -> Result<(), AppError> {
        Ok(plan::enqueue(self.ports(), manifest, attempt.as_str()).await?)
    }

    pub(super) async fn enqueue_settlement(
        &self,
        manifest: &Manifest,
        attempt: &Attempt,
    ) -> Result<(), AppError> {
        Ok(plan::enqueue_settlement(self.ports(), manifest, attempt.as_str()).await?)
    }

    /// Sends the messages again for a person who asked for it.
    pub(super) async fn enqueue_again(&self, manifest: &Manifest) -> Result<(), AppError> {
        self.enqueue(manifest, &Attempt::again(self.ports().clock.now())).await
    }
}
