//! The Lambda: one artifact for all functions. What an invocation does is told by the shape of its event; what it
//! may do is decided by the role that the template gives its function.

mod action;
mod event;
mod logging;
mod messages;
mod metrics;
mod starts;

use std::{panic::AssertUnwindSafe, sync::Arc};

use futures_util::FutureExt as _;
use jiff::SignedDuration;
use lambda_runtime::{Context, Diagnostic, LambdaEvent};
use serde_json::{Value, json};
use tracing::Instrument as _;

use self::starts::Starts;
pub use self::{
    event::{Action, Dropped, Event, Part, Received, UnknownEvent},
    logging::log,
};
use crate::{
    app::{App, AppError, Ask},
    config::{EnvironmentError, Export, LambdaEnvironment, LoadError, Segment, load_valid},
    environment::aws_endpoint_url,
    keys::{Bucket, ExportName, Location, Pinned},
    ports::{Ports, aws::Aws, clock::SystemClock},
    run::Trigger,
    stage::{
        Quiet,
        drop::{Claim, DropError, Rejects, Source, Sources, claim, claims, dropped_rejects, find_source},
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
    /// A bug. The log says where.
    #[error("it panicked; this is a bug in omnisend-export, and the function's log says where")]
    Panicked,
}

/// What objects that were written are to an export.
#[derive(Debug)]
enum Completed {
    /// The drops that are complete now.
    Drop(Vec<Source>),
    /// Parts of one that is not.
    NotYet,
    /// Nothing.
    Nothing,
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
            LambdaError::Panicked => "Panicked",
        };
        Self { error_type: kind.to_owned(), error_message: error.to_string() }
    }
}

impl Lambda {
    /// Composes the adapters from the environment. Asks nothing of anybody yet.
    pub async fn new() -> Result<Self, EnvironmentError> {
        let environment = LambdaEnvironment::read()?;
        let aws = Aws::from_environment(aws_endpoint_url()).await;
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
        // Caught here and not by the runtime, which would answer with the panic's message: that may quote a contact.
        // Nothing that a panic could leave half done is kept between events but the clients, which are locked whole.
        let dispatched = AssertUnwindSafe(self.dispatch(&payload, &context)).catch_unwind();
        let result = dispatched.instrument(span.clone()).await.unwrap_or(Err(LambdaError::Panicked));
        match &result {
            // These are logged where they happen.
            Ok(_) | Err(LambdaError::Exports { .. } | LambdaError::Panicked) => {}
            Err(error) => span.in_scope(|| tracing::error!(%error, "the event could not be handled")),
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
        let (state, broken) = load_valid(&*ports.objects, ports.clock.now()).await.map_err(AppError::from)?;
        let mut starts = Starts::new(&self.app, &self.state_bucket);
        for export in &state.ambiguous {
            if locations.iter().any(|location| claims(export, location) == Claim::Completes) {
                starts.fail(state.why_not(export).into());
            }
        }
        let mut waiting = 0_u32;
        let readers: Vec<(ExportName, Location)> = state
            .exports
            .values()
            .flat_map(|export| locations.iter().map(move |at| (export, at)))
            .filter(|(export, at)| claims(export, at) == Claim::Completes)
            .map(|(export, at)| (export.name().clone(), at.clone()))
            .collect();
        for export in state.exports.into_values() {
            let Some(connection) = state.connections.get(export.connection()) else { continue };
            let mut locations = locations.clone();
            for rejects in self.take_rejects(&export, &mut locations, &readers).await {
                match rejects {
                    Ok(object) => {
                        let trigger = Trigger::Drop { objects: vec![object] };
                        starts.start(connection, export.clone(), trigger, Ask::default()).await;
                    }
                    Err(error) => starts.fail(error),
                }
            }
            match self.completed(&export, &locations).await {
                Ok(Completed::Drop(drops)) => {
                    let sources = Sources::of_drops(drops);
                    let trigger = Trigger::Drop { objects: sources.completed_by() };
                    let ask = Ask { sources: Some(sources), ..Ask::default() };
                    starts.start(connection, export, trigger, ask).await;
                }
                Ok(Completed::NotYet) => waiting += 1,
                Ok(Completed::Nothing) => {}
                Err(error) => starts.fail(error),
            }
        }
        if waiting > 0 && starts.is_empty() {
            tracing::info!(exports = waiting, "a part of a drop that is not complete yet; nothing to do");
            return starts.end();
        }
        match broken {
            // It may be that a broken export reads it.
            Some(broken) if starts.is_empty() => starts.fail(LoadError::from(broken).into()),
            None if starts.is_empty() => {
                tracing::info!(
                    objects = locations.len(),
                    "no export reads the dropped object; nothing to do"
                );
            }
            _ => {}
        }
        starts.end()
    }

    /// Takes out of dropped objects those that hold rejects, and answers with those that this export is to take: a folder
    /// may be read by several, and theirs are of one.
    async fn take_rejects(
        &self,
        export: &Export,
        objects: &mut Vec<Location>,
        readers: &[(ExportName, Location)],
    ) -> Vec<Result<Pinned, AppError>> {
        let mut taken = Vec::new();
        for at in std::mem::take(objects) {
            match dropped_rejects(self.app.ports(), export, &at).await {
                Ok(None) => objects.push(at),
                Ok(Some((_, Rejects::Of(run))))
                    if run.export != *export.name() && readers.contains(&(run.export.clone(), at)) => {}
                Ok(Some((object, _))) => taken.push(Ok(object)),
                Err(error) => taken.push(Err(error.into())),
            }
        }
        taken
    }

    /// The drops of an export's segments that are complete with these objects.
    async fn completed(&self, export: &Export, objects: &[Location]) -> Result<Completed, AppError> {
        let (mut drops, mut waits) = (Vec::new(), false);
        for segment in export.segments() {
            match self.completed_of(export, segment, objects).await? {
                Completed::Drop(completed) => drops.extend(completed),
                Completed::NotYet => waits = true,
                Completed::Nothing => {}
            }
        }
        Ok(match drops.is_empty() {
            false => Completed::Drop(drops),
            true if waits => Completed::NotYet,
            true => Completed::Nothing,
        })
    }

    async fn completed_of(
        &self,
        export: &Export,
        segment: &Segment,
        objects: &[Location],
    ) -> Result<Completed, AppError> {
        let claim = objects.iter().map(|object| claim(segment, object)).max().unwrap_or(Claim::None);
        match claim {
            Claim::None => return Ok(Completed::Nothing),
            Claim::Part => return Ok(Completed::NotYet),
            Claim::Listed | Claim::Completes => {}
        }
        match find_source(self.app.ports(), export, segment).await {
            Ok(source) if claim == Claim::Completes || objects.iter().any(|object| source.has(object)) => {
                Ok(Completed::Drop(vec![source]))
            }
            Ok(_) => Ok(Completed::NotYet),
            // The list's own event says it, once; and the sweep, if it stays so.
            Err(DropError::Defect { defect, .. })
                if claim == Claim::Listed || defect.waits_since().is_some() =>
            {
                if claim == Claim::Completes {
                    tracing::warn!(export = %export.name(), error = %defect, "the drop is not complete; waiting");
                }
                Ok(Completed::NotYet)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Runs every export that is part of scheduled runs.
    async fn scheduled(&self, at: jiff::Timestamp) -> Result<Value, LambdaError> {
        let ports = self.app.ports();
        let (state, broken) = load_valid(&*ports.objects, ports.clock.now()).await.map_err(AppError::from)?;
        let mut starts = Starts::new(&self.app, &self.state_bucket);
        for export in state.exports.into_values().filter(Export::schedule) {
            let Some(connection) = state.connections.get(export.connection()) else { continue };
            starts.start(connection, export, Trigger::Schedule { at }, Ask::default()).await;
        }
        if let Some(broken) = broken {
            starts.fail(LoadError::from(broken).into());
        }
        metrics::put(&self.state_bucket, &[("ScheduledRuns", starts.count() as u64)]);
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
