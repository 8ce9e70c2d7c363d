//! Starts the runs that an event asks for. If one cannot be started, the others still are.

use serde_json::{Value, json};
use tokio::time::Instant;

use super::{error::LambdaError, metrics};
use crate::{
    app::{App, AppError, RunRequest},
    run::State,
};

/// Starts a run and returns its plan, or its report if it is already over.
pub(super) async fn start(app: &App, state_bucket: &str, request: RunRequest) -> Result<Value, AppError> {
    let began = Instant::now();
    let started = app.start(request).await?;
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

    /// Returns how many runs were started.
    pub(super) fn count(&self) -> usize {
        self.started.len()
    }

    pub(super) async fn start(&mut self, request: RunRequest) {
        let (connection, export) = (request.connection.name().clone(), request.export.name().clone());
        match start(self.app, self.state_bucket, request).await {
            Ok(started) => self.started.push(started),
            Err(error) => {
                tracing::error!(%connection, %export, %error, "an export could not be started");
                self.failures.push(error);
            }
        }
    }

    /// Records a run that cannot be started.
    pub(super) fn fail(&mut self, error: AppError) {
        tracing::error!(%error, "an export could not be started");
        self.failures.push(error);
    }

    /// Returns the event's answer, or an error if a run could not be started.
    pub(super) fn answer(self) -> Result<Value, LambdaError> {
        let (failed, exports) = (self.failures.len(), self.failures.len() + self.started.len());
        match self.failures.into_iter().next() {
            None => Ok(json!({ "started": self.started })),
            Some(first) => Err(LambdaError::Exports { failed, exports, first: Box::new(first) }),
        }
    }
}
