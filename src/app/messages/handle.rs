//! Dispatches a message to the step of the run that it asks for.

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
    /// The message's work is done: delete it.
    Done,
    /// The message's work is done, and the run is over.
    Finished(Box<Report>),
    /// There is work left, because time ran out, the process has to stop, or Omnisend is not done: release the message.
    Unfinished,
    /// Omnisend is done, and there are tags or segments left to change: release the message.
    MoreToSettle,
}

impl App {
    /// Does a message's work until it is done, `stop` is canceled or the deadline is near. After an error the message
    /// stays on the queue and is tried again.
    pub async fn handle(
        &self,
        work: &Work,
        stop: &CancellationToken,
        deadline: Option<Instant>,
    ) -> Result<Handled, AppError> {
        let manifest = self.manifest(&work.run).await?;
        let (connection, client) = match self.client(&manifest.connection).await {
            Ok(found) => found,
            // A parked run must not hold up its brand; what parked it may also be why there is no client.
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
