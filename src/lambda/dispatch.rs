//! Handles one event: dispatches it by its shape.

use std::{panic::AssertUnwindSafe, sync::Arc};

use futures_util::FutureExt as _;
use jiff::Timestamp;
use lambda_runtime::{Context, LambdaEvent};
use serde_json::Value;
use tracing::Instrument as _;

use super::{
    action,
    error::LambdaError,
    event::{Dropped, Event},
    metrics, queue_messages,
    starts::Starts,
};
use crate::{
    app::{App, RunRequests},
    environment::{EnvironmentError, LambdaEnvironment, aws_endpoint_url},
    keys::{Bucket, Location},
    ports::{Aws, Ports, clock::SystemClock},
    retry_policies::messages::{GIVE_UP_AFTER, POLL_FOR},
    stage::{Quiet, settle::Limits},
};

#[derive(Debug)]
pub struct Lambda {
    app: App,
    state_bucket: String,
}

impl Lambda {
    /// Creates the adapters that the environment configures. Sends no request.
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

    /// Handles one event and returns its JSON answer.
    pub async fn handle(&self, event: LambdaEvent<Value>) -> Result<Value, LambdaError> {
        let LambdaEvent { payload, context } = event;
        let span = tracing::info_span!("invocation", request.id = %context.request_id);
        // Caught here, because the runtime would return the panic's message, which may quote a contact. Only the
        // clients are kept between events, under a lock, so a panic leaves no state half changed.
        let dispatched = AssertUnwindSafe(self.dispatch(&payload, &context)).catch_unwind();
        let result = dispatched.instrument(span.clone()).await.unwrap_or(Err(LambdaError::Panicked));
        match &result {
            // These errors were already logged where they happened.
            Ok(_) | Err(LambdaError::Exports { .. } | LambdaError::Panicked) => {}
            Err(error) => span.in_scope(|| tracing::error!(%error, "the event could not be handled")),
        }
        result
    }

    async fn dispatch(&self, payload: &Value, context: &Context) -> Result<Value, LambdaError> {
        match Event::parse(payload)? {
            Event::Drop(dropped) => self.dropped(dropped).await,
            Event::Schedule { at } => self.scheduled(at).await,
            Event::Messages(messages) => {
                Ok(queue_messages::handle(&self.app, &self.state_bucket, &messages, context).await)
            }
            Event::Action(action) => {
                action::act(&self.app, &self.state_bucket, action, &context.request_id).await
            }
        }
    }

    async fn dropped(&self, dropped: Vec<Dropped>) -> Result<Value, LambdaError> {
        let objects = dropped.into_iter().map(|object| self.location(object)).collect();
        let requests = self.app.requests_of_objects(objects).await?;
        self.start(requests).await.answer()
    }

    async fn scheduled(&self, at: Timestamp) -> Result<Value, LambdaError> {
        let requests = self.app.requests_of_schedule(at).await?;
        let starts = self.start(requests).await;
        metrics::put(&self.state_bucket, &[("ScheduledRuns", starts.count() as u64)]);
        starts.answer()
    }

    async fn start(&self, requests: RunRequests) -> Starts<'_> {
        let mut starts = Starts::new(&self.app, &self.state_bucket);
        for error in requests.failures {
            starts.fail(error);
        }
        for request in requests.requests {
            starts.start(request).await;
        }
        starts
    }

    fn location(&self, object: Dropped) -> Location {
        let bucket =
            if object.bucket == self.state_bucket { Bucket::State } else { Bucket::Named(object.bucket) };
        Location { bucket, key: object.key }
    }
}
