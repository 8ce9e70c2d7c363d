//! Dispatches a queue message to the step that it names.

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::{
    app::{application::App, error::AppError},
    run::{Report, Step, Work},
    stage::StageContext,
};

/// How a message was handled.
#[derive(Debug)]
pub enum Handled {
    /// The message's work is done: delete the message.
    Done,
    /// The message's work is done, and the run is over.
    Finished(Box<Report>),
    /// Work is left, because time ran out, the process must stop, or Omnisend is still processing: release the message.
    Unfinished,
    /// Omnisend is done, but tags or segments are left to change: release the message.
    MoreToSettle,
}

impl App {
    /// Works on a message until its work is done, `stop` is canceled or the deadline is near. After an error, the
    /// message stays in the queue and is retried.
    pub async fn handle(
        &self,
        work: &Work,
        stop: &CancellationToken,
        deadline: Option<Instant>,
    ) -> Result<Handled, AppError> {
        let manifest = self.manifest(&work.run).await?;
        let (connection, client) = match self.client(&manifest.connection).await {
            Ok(found) => found,
            // A parked run must not block its brand. Whatever parked it may also be why no client can be created.
            Err(_) if self.records().parked(&work.run).await?.is_some() => {
                return match work.step {
                    Step::Upload { .. } => Ok(Handled::Done),
                    Step::Settle => self.finish(&manifest).await,
                };
            }
            Err(error) => return Err(error),
        };
        let context =
            StageContext { ports: self.ports(), client: &client, observer: self.observer(), stop, deadline };
        match work.step {
            Step::Upload { chunk } => self.upload(&context, &connection, &manifest, chunk).await,
            Step::Settle => self.settle(&context, &manifest).await,
        }
    }
}
