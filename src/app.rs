//! The stages composed over one set of ports, driven by messages. The command line pumps them from a queue in
//! the process; the Lambda is handed them by SQS.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::{
    config::{ApiUrl, Connection, LoadError, load_connection},
    omnisend::{Client, Pacer},
    ports::{Ports, objects::Put},
    run::{ConnectionName, Key, Manifest, Parked, Report, RunRef, Step, Work},
    stage::{
        Observer, RecordError, Records,
        report::{ReportError, report},
        settle::{Limits, SettleError, Settled, settle},
        upload::{Context, UploadError, Uploaded, upload},
    },
};

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
    /// The connection's file.
    #[error(transparent)]
    Config(#[from] LoadError),
    /// The HTTP client could not be made.
    #[error("the HTTP client could not be made: {0}")]
    Http(#[from] reqwest::Error),
    /// A run's object.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The upload.
    #[error(transparent)]
    Upload(#[from] UploadError),
    /// The report.
    #[error(transparent)]
    Report(#[from] ReportError),
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
        let Some(manifest) = records.manifest(&work.run).await? else {
            return Err(AppError::NoRun { run: work.run.clone() });
        };
        let client = self.client(&manifest.connection).await?;
        let context =
            Context { ports: &self.ports, client: &client, observer: &*self.observer, stop, deadline };
        match work.step {
            Step::Upload { chunk } => match upload(&context, &manifest, chunk).await? {
                Uploaded::HandedBack => Ok(Handled::HandedBack),
                Uploaded::Done | Uploaded::Already | Uploaded::Canceled | Uploaded::Parked(_) => {
                    Ok(Handled::Done)
                }
            },
            Step::Settle => self.settle(&context, &records, &manifest).await,
        }
    }

    async fn settle(
        &self,
        context: &Context<'_>,
        records: &Records,
        manifest: &Manifest,
    ) -> Result<Handled, AppError> {
        match settle(context, manifest, self.limits).await {
            Ok(Settled::Open { .. }) => return Ok(Handled::HandedBack),
            Ok(Settled::Done) => {}
            Err(SettleError::Record(error)) => return Err(error.into()),
            Err(SettleError::Call(crate::omnisend::CallError::OutOfTime)) => return Ok(Handled::HandedBack),
            Err(SettleError::Call(error)) => {
                let parked = Parked { reason: error.to_string(), at: self.ports.clock.now() };
                records.write(&Key::Parked(manifest.run.clone()), &parked, Put::Replace).await?;
            }
        }
        Ok(Handled::Finished(Box::new(report(&self.ports, manifest).await?)))
    }

    /// The connection's client, with its pacer: one for as long as the process lives and the connection's file
    /// stays as it is. A new pacer assumes that the old one used the whole budget until now.
    async fn client(&self, name: &ConnectionName) -> Result<Arc<Client>, AppError> {
        let connection = load_connection(&*self.ports.objects, name, self.ports.clock.now()).await?;
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, client)) = clients.get(name)
            && *known == connection
        {
            return Ok(client.clone());
        }
        let pacer = Arc::new(Pacer::new(connection.budget()));
        let secrets = self.ports.secrets.clone();
        let secret = connection.secret().to_owned();
        let client = Arc::new(Client::new(self.api_url.url().clone(), secrets, secret, pacer)?);
        clients.insert(name.clone(), (connection, client.clone()));
        Ok(client)
    }
}
