//! Starting runs: one, or several at once, of which one that cannot be started does not hold the others up.

use serde_json::{Value, json};
use tokio::time::Instant;

use super::{LambdaError, metrics};
use crate::{
    app::{App, AppError, Ask},
    config::{Connection, Export},
    run::{State, Trigger},
};

/// Starts a run, and answers with its plan; of one that is over already, with its report.
pub(super) async fn start(
    app: &App,
    state_bucket: &str,
    (connection, export): (Connection, Export),
    trigger: Trigger,
    ask: Ask,
) -> Result<Value, AppError> {
    let began = Instant::now();
    let started = app.start(connection, export, trigger, ask).await?;
    let manifest = &started.manifest;
    let state = started.report.as_ref().map(|report| report.state);
    tracing::info!(
        connection = %manifest.connection,
        export = %manifest.run.export,
        run = %manifest.run.run,
        duration.ms = metrics::milliseconds(began.elapsed()),
        read = manifest.planned.read,
        sent = manifest.planned.sent,
        chunks = manifest.chunks.len(),
        late.minutes = manifest.late().map(|late| late.as_mins()),
        state = state.map_or("running", State::as_str),
        "planned"
    );
    match &started.report {
        Some(report) => {
            metrics::put(state_bucket, &[metrics::failed_runs(report.state)]);
            Ok(json!(report))
        }
        None => Ok(json!({
            "run": manifest.run.run,
            "export": manifest.run.export,
            "connection": manifest.connection,
            "planned": manifest.planned,
            "chunks": manifest.chunks.len(),
        })),
    }
}

/// Runs that are started together.
#[derive(Debug)]
pub(super) struct Starts<'a> {
    app: &'a App,
    state_bucket: &'a str,
    started: Vec<Value>,
    failures: Vec<AppError>,
}

impl<'a> Starts<'a> {
    pub(super) fn new(app: &'a App, state_bucket: &'a str) -> Self {
        Self { app, state_bucket, started: Vec::new(), failures: Vec::new() }
    }

    /// Whether nothing was to be started.
    pub(super) fn is_empty(&self) -> bool {
        self.started.is_empty() && self.failures.is_empty()
    }

    /// How many were.
    pub(super) fn count(&self) -> usize {
        self.started.len()
    }

    /// Starts one more.
    pub(super) async fn start(
        &mut self,
        connection: &Connection,
        export: Export,
        trigger: Trigger,
        ask: Ask,
    ) {
        let name = export.name().clone();
        let of = (connection.clone(), export);
        match start(self.app, self.state_bucket, of, trigger, ask).await {
            Ok(started) => self.started.push(started),
            Err(error) => {
                tracing::error!(connection = %connection.name(), export = %name, %error, "an export could not be started");
                self.failures.push(error);
            }
        }
    }

    /// Notes one that cannot be.
    pub(super) fn fail(&mut self, error: AppError) {
        tracing::error!(%error, "an export could not be started");
        self.failures.push(error);
    }

    /// The answer to the event.
    pub(super) fn end(self) -> Result<Value, LambdaError> {
        let (failed, exports) = (self.failures.len(), self.failures.len() + self.started.len());
        match self.failures.into_iter().next() {
            None => Ok(json!({ "started": self.started })),
            Some(first) => Err(LambdaError::Exports { failed, exports, first: Box::new(first) }),
        }
    }
}
