//! A process that works on the world's state: it starts runs and handles their messages.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};

use jiff::SignedDuration;
use omnisend_export::{
    app::{App, AppError, Handled, RunOptions, RunRequest},
    config::load_export,
    keys::RunRef,
    ports::{
        Ports,
        clock::Clock,
        objects::Objects,
        queue::{Delivery, MemoryQueue, Queue as _, Settings},
        secrets::LocalSecrets,
    },
    run::{Report, Trigger, Work},
    stage::{Quiet, Records, settle::Limits},
};
use tokio_util::sync::CancellationToken;

use crate::gate::Gate;
use crate::omnisend::KEY;

/// The most receives of a message. More are an error.
const MAX_RECEIVES: u32 = 50;

pub(crate) struct Process {
    app: App,
    pub gate: Arc<Gate>,
    queue: Arc<MemoryQueue>,
    in_flight: Mutex<Option<Delivery>>,
}

/// Returns a queue in which a received message stays invisible until it is released.
pub(crate) fn queue() -> Arc<MemoryQueue> {
    let hours = Duration::from_hours(1_000);
    let settings = Settings { visibility: hours, max_receive_count: u32::MAX, ..Settings::default() };
    Arc::new(MemoryQueue::new(settings))
}

impl Process {
    pub(crate) fn new(
        objects: Arc<dyn Objects>,
        queue: Arc<MemoryQueue>,
        clock: Arc<dyn Clock>,
        api: &str,
    ) -> Self {
        let gate = Arc::new(Gate::new(objects));
        let ports = Ports {
            objects: gate.clone(),
            queue: queue.clone(),
            secrets: Arc::new(LocalSecrets::new(PathBuf::new(), Some(KEY.to_owned()))),
            clock,
        };
        let limits = Limits { give_up_after: SignedDuration::from_hours(10), poll_for: None };
        let app = App::new(ports, api.parse().unwrap(), Arc::new(Quiet), limits);
        Self { app, gate, queue, in_flight: Mutex::default() }
    }

    /// Starts the run of a trigger, unless it is started already.
    pub(crate) async fn start(&self, trigger: Trigger, options: RunOptions) -> RunRef {
        let ports = self.app.ports();
        let export = "vip".parse().unwrap();
        let (connection, export) =
            self.unless_dead(load_export(&*ports.objects, &export, ports.clock.now()).await).await;
        let request = RunRequest {
            connection: Arc::new(connection),
            export: Arc::new(export),
            trigger,
            sources: None,
            options,
        };
        let started = self.app.start(request).await;
        self.unless_dead(started).await.manifest.run
    }

    /// Cancels a run if it is planned.
    pub(crate) async fn cancel(&self, run: &RunRef) {
        match self.app.cancel(run).await {
            Err(AppError::NoRun { .. }) => {}
            canceled => self.unless_dead(canceled).await,
        }
    }

    /// Handles messages until the queue is empty.
    pub(crate) async fn drain(&self) {
        let stop = CancellationToken::new();
        while let Some(delivery) = self.queue.receive(1).await.unwrap().pop() {
            *self.in_flight.lock().unwrap() = Some(delivery.clone());
            let work: Work = serde_json::from_str(&delivery.body).unwrap();
            let handled = self.unless_dead(self.app.handle(&work, &stop, None).await).await;
            assert!(delivery.receive_count < MAX_RECEIVES, "{work:?} was received too often");
            match handled {
                Handled::Unfinished | Handled::MoreToSettle => {
                    self.queue.release(&delivery.handle, Duration::ZERO).await.unwrap();
                }
                Handled::Finished(_) | Handled::Done => self.queue.delete(&delivery.handle).await.unwrap(),
            }
            *self.in_flight.lock().unwrap() = None;
        }
    }

    /// Returns the report of a run, or fails.
    pub(crate) async fn report(&self, run: &RunRef) -> Report {
        let records = Records::new(self.app.ports().objects.clone());
        let report = self.unless_dead(records.report(run).await).await;
        report.unwrap_or_else(|| panic!("{run} has no report"))
    }

    /// Releases the message that the process was handling when it was killed.
    pub(crate) async fn release_in_flight(&self) {
        let unfinished = self.in_flight.lock().unwrap().take();
        if let Some(delivery) = unfinished {
            self.queue.release(&delivery.handle, Duration::ZERO).await.unwrap();
        }
    }

    /// Returns the value. A dead process does not fail; it never returns.
    async fn unless_dead<T, E: std::fmt::Display>(&self, result: Result<T, E>) -> T {
        match result {
            Ok(value) => value,
            Err(_) if self.gate.is_dead() => std::future::pending().await,
            Err(error) => panic!("{error}"),
        }
    }
}
