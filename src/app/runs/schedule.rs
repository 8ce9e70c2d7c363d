//! A schedule: every export with `schedule = true` runs.

use std::sync::Arc;

use jiff::Timestamp;

use super::request::{RunRequest, RunRequests};
use crate::{
    app::{application::App, error::AppError},
    config::{Export, LoadError, load_valid},
    run::Trigger,
};

impl App {
    /// Returns a request for every scheduled export. `at` is when the schedule was due.
    pub async fn requests_of_schedule(&self, at: Timestamp) -> Result<RunRequests, AppError> {
        let ports = self.ports();
        let (state, broken) = load_valid(&*ports.objects, ports.clock.now()).await?;
        let mut runs = RunRequests::default();
        for export in state.exports.into_values().filter(Export::schedule) {
            let Some(connection) = state.connections.get(export.connection()) else { continue };
            let (connection, export) = (Arc::new(connection.clone()), Arc::new(export));
            runs.requests.push(RunRequest::new(&connection, &export, Trigger::Schedule { at }));
        }
        runs.failures.extend(broken.map(|broken| LoadError::from(broken).into()));
        Ok(runs)
    }
}
