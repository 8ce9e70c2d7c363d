//! Requests for runs, from a person or a schedule.

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;

use crate::{
    app::{application::App, error::AppError},
    config::{Configuration, Connection, Export, LoadError, load_export, load_valid},
    keys::ExportName,
    run::{Allowed, Mode, Trigger},
    stage::drop::{Source, Sources},
};

/// The options of a requested run.
#[derive(Debug, Clone, Default)]
pub struct RunOptions {
    /// How much of the segment to send; `None` means the export's mode.
    pub mode: Option<Mode>,
    /// Whether to report what would be sent, and send nothing.
    pub dry_run: bool,
    /// Whether a dry run shows the values of its first contacts. Otherwise they are masked.
    pub show_values: bool,
    /// The guards that may not stop the run.
    pub allow: Allowed,
}

#[derive(Debug, Clone)]
pub struct RunRequest {
    pub connection: Arc<Connection>,
    pub export: Arc<Export>,
    pub trigger: Trigger,
    /// What the run reads, if that is already resolved. Otherwise the plan resolves it from the trigger.
    pub sources: Option<Sources>,
    pub options: RunOptions,
}

/// The runs that an event asks for.
#[derive(Debug, Default)]
pub struct RunRequests {
    pub requests: Vec<RunRequest>,
    /// Why other exports cannot run that the event asks for.
    pub failures: Vec<AppError>,
}

/// An export with its connection, both valid.
#[derive(Debug)]
pub(super) struct Runnable {
    pub connection: Arc<Connection>,
    pub export: Arc<Export>,
}

impl Runnable {
    pub(super) fn all(configuration: Configuration) -> Vec<Self> {
        let Configuration { connections, exports, .. } = configuration;
        let connections: BTreeMap<_, _> =
            connections.into_iter().map(|(name, connection)| (name, Arc::new(connection))).collect();
        let with_connection = |export: Export| {
            let connection = connections.get(export.connection())?.clone();
            Some(Self { connection, export: Arc::new(export) })
        };
        exports.into_values().filter_map(with_connection).collect()
    }

    pub(super) fn request(&self, trigger: Trigger) -> RunRequest {
        let (connection, export) = (self.connection.clone(), self.export.clone());
        RunRequest { connection, export, trigger, sources: None, options: RunOptions::default() }
    }

    /// Returns the request for a run of drops.
    pub(super) fn request_of_drops(&self, drops: Vec<Source>) -> RunRequest {
        let sources = Sources::of_drops(drops);
        let trigger = Trigger::Drop { objects: sources.completed_by() };
        RunRequest { sources: Some(sources), ..self.request(trigger) }
    }
}

impl RunRequests {
    pub fn is_empty(&self) -> bool {
        self.requests.is_empty() && self.failures.is_empty()
    }
}

impl RunRequest {
    /// Returns the requested mode, or the export's.
    pub(super) fn mode(&self) -> Mode {
        self.options.mode.unwrap_or(self.export.mode())
    }
}

impl App {
    /// Returns a person's request for a run of an export. A second request with the same `id` is the same run.
    pub async fn request(
        &self,
        export: &ExportName,
        id: String,
        options: RunOptions,
    ) -> Result<RunRequest, AppError> {
        let ports = self.ports();
        let (connection, export) = load_export(&*ports.objects, export, ports.clock.now()).await?;
        Ok(RunRequest {
            connection: Arc::new(connection),
            export: Arc::new(export),
            trigger: self.call(id),
            sources: None,
            options,
        })
    }

    /// Returns a request for every scheduled export. `at` is when the schedule was due.
    pub async fn requests_of_schedule(&self, at: Timestamp) -> Result<RunRequests, AppError> {
        let ports = self.ports();
        let (state, broken) = load_valid(&*ports.objects, ports.clock.now()).await?;
        let scheduled = Runnable::all(state).into_iter().filter(|runnable| runnable.export.schedule());
        Ok(RunRequests {
            requests: scheduled.map(|runnable| runnable.request(Trigger::Schedule { at })).collect(),
            failures: broken.into_iter().map(|broken| LoadError::from(broken).into()).collect(),
        })
    }

    /// Returns the trigger of a request that a person made now.
    pub(super) fn call(&self, request: String) -> Trigger {
        Trigger::Call { at: self.ports().clock.now(), request }
    }
}
