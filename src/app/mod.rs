//! The stages composed over one set of ports, driven by messages. The command line pumps them from a queue in
//! the process; the Lambda is handed them by SQS.

mod connection;
mod replay;
mod settle;
mod start;
mod status;
mod sweep;
mod undo;
mod upload;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::{
    config::{ApiUrl, Connection, LoadError, load_connection},
    keys::{ConnectionName, Key, RunRef},
    omnisend::{BuildError, CallError, Client, Pacer},
    ports::{Ports, objects::Put, secrets::SecretKey},
    run::{Manifest, Parked, Report, Step, Work, flaw},
    scale,
    stage::{
        EnqueueError, Observer, RecordError, Records, enqueue,
        plan::PlanError,
        report::{ReportError, report},
        settle::Limits,
        snapshot::remember,
        upload::{Context, UploadError},
    },
};

pub use self::{
    connection::{Permission, Tested, TestedBatch, TestedBrand, TestedTags},
    replay::Replayed,
    start::{Ask, Started},
    status::{RefusedStatus, RunStatus, Status, status},
    sweep::Swept,
};
pub use crate::stage::{RunObjects, runs};

/// Everything that handles messages.
#[derive(Debug)]
pub struct App {
    ports: Ports,
    api_url: ApiUrl,
    observer: Arc<dyn Observer>,
    limits: Limits,
    clients: Mutex<HashMap<ConnectionName, (Connection, Arc<Client>)>>,
}

/// How a message was handled.
#[derive(Debug)]
pub enum Handled {
    /// Take it off the queue.
    Done,
    /// The same, and the run is over.
    Finished(Box<Report>),
    /// Give it back: its work is not done, and nothing is wrong.
    HandedBack,
    /// The same, of a settlement that waits for nobody: it can go on at once.
    More,
}

/// Why a message could not be handled. It stays on the queue, and is tried again.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The message names a run that is not there.
    #[error("run {run}: there is no manifest")]
    NoRun {
        /// The run.
        run: RunRef,
    },
    /// The run does not wait for anybody.
    #[error("run {run} is not parked; `replay` has a parked run go on")]
    NotParked {
        /// The run.
        run: RunRef,
    },
    /// The run cannot be undone.
    #[error("run {run} cannot be undone: {why}")]
    NotUndone {
        /// The run.
        run: RunRef,
        /// Why, and what to do.
        why: &'static str,
    },
    /// The run cannot be replayed.
    #[error("run {run} cannot be replayed: {why}")]
    NotReplayed {
        /// The run.
        run: RunRef,
        /// Why, and what to do.
        why: String,
    },
    /// The message is not one of ours.
    #[error("the message is not one of a run: {}", flaw(.0))]
    Message(serde_json::Error),
    /// Omnisend refused, or could not be reached.
    #[error(transparent)]
    Omnisend(CallError),
    /// The connection's file.
    #[error(transparent)]
    Config(#[from] LoadError),
    /// The API client could not be built.
    #[error(transparent)]
    Client(#[from] BuildError),
    /// A run's object.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The plan.
    #[error(transparent)]
    Plan(Box<PlanError>),
    /// The queue.
    #[error(transparent)]
    Enqueue(#[from] EnqueueError),
    /// The upload.
    #[error(transparent)]
    Upload(#[from] UploadError),
    /// The report.
    #[error(transparent)]
    Report(#[from] ReportError),
}

impl AppError {
    /// Whether it will be the same however often it is tried.
    pub fn is_permanent(&self) -> bool {
        matches!(
            self,
            Self::Message(_)
                | Self::Config(LoadError::Invalid(_))
                | Self::Record(RecordError::Damaged { .. })
                | Self::Upload(
                    UploadError::Contact { .. }
                        | UploadError::NoChunk { .. }
                        | UploadError::Record(RecordError::Damaged { .. })
                )
                | Self::Report(
                    ReportError::Unbalanced { .. } | ReportError::Record(RecordError::Damaged { .. })
                )
        )
    }
}

impl App {
    /// Over these ports.
    pub fn new(ports: Ports, api_url: ApiUrl, observer: Arc<dyn Observer>, limits: Limits) -> Self {
        Self { ports, api_url, observer, limits, clients: Mutex::default() }
    }

    /// The ports.
    pub fn ports(&self) -> &Ports {
        &self.ports
    }

    /// Who hears how it goes.
    pub fn observer(&self) -> &dyn Observer {
        &*self.observer
    }

    /// Does what a message asks for, until it is done, `stop` is asked for or the deadline comes near.
    pub async fn handle(
        &self,
        work: &Work,
        stop: &CancellationToken,
        deadline: Option<Instant>,
    ) -> Result<Handled, AppError> {
        let records = Records::new(self.ports.objects.clone());
        let manifest = self.existing(&records, &work.run).await?;
        let (connection, client) = match self.client(&manifest.connection).await {
            Ok(found) => found,
            // A run that waits for a person keeps nobody else waiting: what keeps it may keep the client too.
            Err(_) if records.parked(&work.run).await?.is_some() => {
                return match work.step {
                    Step::Upload { .. } => Ok(Handled::Done),
                    Step::Settle => self.finish(&manifest).await,
                };
            }
            Err(error) => return Err(error),
        };
        let context =
            Context { ports: &self.ports, client: &client, observer: &*self.observer, stop, deadline };
        match work.step {
            Step::Upload { chunk } => self.upload(&context, &connection, &manifest, chunk).await,
            Step::Settle => self.settle(&context, &manifest).await,
        }
    }

    /// Stops a run at its next batch. What was sent stays.
    pub async fn cancel(&self, run: &RunRef) -> Result<(), AppError> {
        let records = Records::new(self.ports.objects.clone());
        self.existing(&records, run).await?;
        let canceled = serde_json::json!({ "at": self.ports.clock.now() });
        records.write(&Key::Canceled(run.clone()), &canceled, Put::Replace).await?;
        Ok(self.ports.objects.delete(&(&Key::Parked(run.clone())).into()).await?)
    }

    /// Has a run that is parked go on: its messages are sent again.
    pub async fn resume(&self, run: &RunRef) -> Result<(), AppError> {
        let records = Records::new(self.ports.objects.clone());
        let manifest = self.existing(&records, run).await?;
        if records.parked(run).await?.is_none() {
            return Err(AppError::NotParked { run: run.clone() });
        }
        self.ports.objects.delete(&(&Key::Parked(run.clone())).into()).await?;
        let attempt = format!("-{}", self.ports.clock.now().as_second());
        Ok(enqueue(&self.ports, &manifest, &attempt).await?)
    }

    /// Has a run wait for a person, if it does not yet: the first reason is the one to look at.
    pub async fn park(&self, run: &RunRef, reason: String) -> Result<(), AppError> {
        if Records::new(self.ports.objects.clone()).exists(&Key::Parked(run.clone())).await? {
            return Ok(());
        }
        let parked = Parked { reason, at: self.ports.clock.now() };
        let records = Records::new(self.ports.objects.clone());
        records.write(&Key::Parked(run.clone()), &parked, Put::Replace).await?;
        tracing::error!(export = %run.export, run = %run.run, reason = parked.reason, "the run is parked");
        Ok(())
    }

    async fn existing(&self, records: &Records, run: &RunRef) -> Result<Manifest, AppError> {
        records.manifest(run).await?.ok_or_else(|| AppError::NoRun { run: run.clone() })
    }

    /// Remembers what the run did, and reports it.
    async fn finish(&self, manifest: &Manifest) -> Result<Handled, AppError> {
        match remember(&self.ports, manifest).await {
            // It stays as it is, and the next plan says what to do about it.
            Err(RecordError::Damaged { key, reason }) => {
                let reason = format!("what was sent could not be remembered: {key}: {reason}");
                self.park(&manifest.run, reason).await?;
            }
            remembered => remembered?,
        }
        Ok(Handled::Finished(Box::new(report(&self.ports, manifest).await?)))
    }

    /// The connection's client, with its pacer: one for as long as the process lives and the connection's file
    /// stays as it is. A new pacer assumes that the old one used the whole budget until now.
    async fn client(&self, name: &ConnectionName) -> Result<(Connection, Arc<Client>), AppError> {
        let connection = load_connection(&*self.ports.objects, name, self.ports.clock.now()).await?;
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, client)) = clients.get(name)
            && *known == connection
        {
            return Ok((connection, client.clone()));
        }
        let key = SecretKey::new(self.ports.secrets.clone(), connection.secret());
        let client = Client::builder(self.api_url.url().clone(), key)
            .pacer(Arc::new(Pacer::new(connection.budget())))
            .timing(scale::timing())
            .user_agent(concat!("omnisend-export/", env!("CARGO_PKG_VERSION")))
            .build()?;
        let client = Arc::new(client);
        clients.insert(name.clone(), (connection.clone(), client.clone()));
        Ok((connection, client))
    }
}
