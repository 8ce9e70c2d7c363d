//! The Lambda: one artifact for all functions. What an invocation does is told by the shape of its event; what it
//! may do is decided by the role that the template gives its function.

mod action;
mod event;
mod logging;
mod messages;
mod metrics;

use std::sync::Arc;

use jiff::SignedDuration;
use lambda_runtime::{Context, Diagnostic, LambdaEvent};
use serde_json::{Value, json};
use tracing::Instrument as _;

pub use self::{
    event::{Action, Dropped, Event, Part, Received, UnknownEvent},
    logging::log,
};
use crate::{
    app::{App, AppError},
    config::{EnvironmentError, Export, LambdaEnvironment, load_all},
    ports::{Ports, aws::Aws, clock::SystemClock},
    run::{Bucket, Location, Trigger},
    stage::{
        Quiet,
        plan::{claims, find_source},
        settle::Limits,
    },
};

/// How long Omnisend may take to finish what was sent, before it counts as unknown.
const GIVE_UP_AFTER: SignedDuration = SignedDuration::from_hours(1);

/// How long one settlement polls; the sweep asks again.
const POLL_FOR: std::time::Duration = std::time::Duration::from_secs(45);

/// Everything that handles events.
#[derive(Debug)]
pub struct Lambda {
    app: App,
    state_bucket: String,
}

/// Why an event could not be handled. Lambda tries asynchronous ones again, and then keeps them.
#[derive(Debug, thiserror::Error)]
pub enum LambdaError {
    /// Its shape.
    #[error(transparent)]
    Event(#[from] UnknownEvent),
    /// Its work.
    #[error(transparent)]
    App(Box<AppError>),
    /// One of several exports; the others were started.
    #[error("{failed} of {exports} exports could not be started; the first: {first}")]
    Exports {
        /// How many failed.
        failed: usize,
        /// Of how many.
        exports: usize,
        /// The first one's error.
        #[source]
        first: Box<AppError>,
    },
}

impl From<AppError> for LambdaError {
    fn from(error: AppError) -> Self {
        Self::App(Box::new(error))
    }
}

impl From<LambdaError> for Diagnostic {
    fn from(error: LambdaError) -> Self {
        let kind = match &error {
            LambdaError::Event(_) => "UnknownEvent",
            LambdaError::App(_) => "NotHandled",
            LambdaError::Exports { .. } => "ExportsNotStarted",
        };
        Self { error_type: kind.to_owned(), error_message: error.to_string() }
    }
}

impl Lambda {
    /// Composes the adapters from the environment. Asks nothing of anybody yet.
    pub async fn new() -> Result<Self, EnvironmentError> {
        let environment = LambdaEnvironment::read()?;
        let aws = Aws::load().await;
        let ports = Ports {
            objects: Arc::new(aws.objects(&environment.state_bucket)),
            queue: Arc::new(aws.queue(&environment.upload_queue_url)),
            secrets: Arc::new(aws.secrets()),
            clock: Arc::new(SystemClock),
        };
        let limits = Limits { give_up_after: GIVE_UP_AFTER, poll_for: Some(POLL_FOR) };
        let app = App::new(ports, environment.api_url, Arc::new(Quiet), limits);
        Ok(Self { app, state_bucket: environment.state_bucket })
    }

    /// Handles one event.
    pub async fn handle(&self, event: LambdaEvent<Value>) -> Result<Value, LambdaError> {
        let LambdaEvent { payload, context } = event;
        let span = tracing::info_span!("invocation", request.id = %context.request_id);
        let result = self.dispatch(&payload, &context).instrument(span.clone()).await;
        if let Err(error) = &result {
            span.in_scope(|| tracing::error!(%error, "the event could not be handled"));
        }
        result
    }

    async fn dispatch(&self, payload: &Value, context: &Context) -> Result<Value, LambdaError> {
        match Event::parse(payload)? {
            Event::Drop(dropped) => self.dropped(&dropped).await,
            Event::Schedule { at } => self.scheduled(at).await,
            Event::Messages(messages) => {
                Ok(messages::handle(&self.app, &self.state_bucket, &messages, context).await)
            }
            Event::Action(action) => {
                action::act(&self.app, &self.state_bucket, action, &context.request_id).await
            }
        }
    }

    /// Runs every export that reads one of the dropped objects, each once, over the newest object that it reads:
    /// an event that comes late must not bring an older version back.
    async fn dropped(&self, dropped: &[Dropped]) -> Result<Value, LambdaError> {
        let locations: Vec<Location> = dropped
            .iter()
            .map(|object| self.location(object))
            .filter(|location| !location.is_own())
            .collect();
        if locations.is_empty() {
            tracing::info!("the event names no segment file; nothing to do");
            return Ok(json!({ "started": [] }));
        }
        let ports = self.app.ports();
        let state = load_all(&*ports.objects, ports.clock.now()).await.map_err(AppError::from)?;
        let mut starts = Starts::default();
        for export in state.exports.into_values() {
            let Some(connection) = state.connections.get(export.connection()) else { continue };
            if !locations.iter().any(|location| claims(&export, location)) {
                continue;
            }
            let started = async {
                let source = find_source(ports, &export).await?;
                let trigger = Trigger::Drop { objects: vec![source] };
                self.app.start(connection.clone(), export.clone(), trigger, None, false).await
            };
            starts.add(started.await);
        }
        if starts.is_empty() {
            tracing::info!(objects = locations.len(), "no export reads the dropped object; nothing to do");
        }
        starts.end()
    }

    /// Runs every export that is part of scheduled runs.
    async fn scheduled(&self, at: jiff::Timestamp) -> Result<Value, LambdaError> {
        let ports = self.app.ports();
        let state = load_all(&*ports.objects, ports.clock.now()).await.map_err(AppError::from)?;
        let mut starts = Starts::default();
        for export in state.exports.into_values().filter(Export::schedule) {
            let Some(connection) = state.connections.get(export.connection()) else { continue };
            let trigger = Trigger::Schedule { at };
            starts.add(self.app.start(connection.clone(), export, trigger, None, false).await);
        }
        metrics::put(&self.state_bucket, &[("ScheduledRuns", starts.started.len() as u64)]);
        starts.end()
    }

    fn location(&self, object: &Dropped) -> Location {
        let bucket = if object.bucket == self.state_bucket {
            Bucket::State
        } else {
            Bucket::Named(object.bucket.clone())
        };
        Location { bucket, key: object.key.clone() }
    }
}

/// Runs that were started together: one that cannot be does not hold the others up.
#[derive(Debug, Default)]
struct Starts {
    started: Vec<Value>,
    failures: Vec<AppError>,
}

impl Starts {
    fn is_empty(&self) -> bool {
        self.started.is_empty() && self.failures.is_empty()
    }

    fn add(&mut self, started: Result<crate::app::Started, AppError>) {
        match started {
            Ok(started) => self.started.push(action::answer(&started)),
            Err(error) => {
                tracing::error!(%error, "an export could not be started");
                self.failures.push(error);
            }
        }
    }

    fn end(self) -> Result<Value, LambdaError> {
        let (failed, exports) = (self.failures.len(), self.failures.len() + self.started.len());
        match self.failures.into_iter().next() {
            None => Ok(json!({ "started": self.started })),
            Some(first) => Err(LambdaError::Exports { failed, exports, first: Box::new(first) }),
        }
    }
}
