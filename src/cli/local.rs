//! The application over a state directory on this machine, with a queue in memory.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use jiff::SignedDuration;
use secrecy::{ExposeSecret as _, SecretString};
use tokio_util::sync::CancellationToken;

use super::{exit::Failure, lock::Lock};
use crate::{
    app::{App, Ended},
    config::Connection,
    environment::Environment,
    keys::{ConnectionName, RunRef},
    ports::{
        Ports,
        clock::SystemClock,
        objects::Directory,
        queue::{MemoryQueue, Settings},
        secrets::{LocalSecrets, SecretError},
    },
    run::Report,
    stage::{Observer, settle::Limits},
};
use omnisend::Freshness;

/// The visibility timeout: longer than any run, because no other process receives the messages.
const VISIBILITY: Duration = Duration::from_hours(168);

pub(super) struct Local {
    pub app: App,
    state: PathBuf,
}

impl Local {
    pub(super) fn open(
        state: &Path,
        environment: &Environment,
        observer: Arc<dyn Observer>,
        give_up_after: SignedDuration,
    ) -> Result<Self, Failure> {
        let ports = ports(directory(state)?, state, environment.api_key.as_ref());
        let limits = Limits { give_up_after, poll_for: None };
        let app = App::new(ports, environment.api_url.clone(), observer, limits);
        Ok(Self { app, state: state.to_owned() })
    }

    /// Takes the lock that a process needs to send requests to the connection's brand.
    pub(super) fn lock(&self, connection: &ConnectionName) -> Result<Lock, Failure> {
        Lock::take(&self.state, connection)
    }

    /// Takes the same lock, or returns `None` if another process holds it.
    pub(super) fn lock_if_free(&self, connection: &ConnectionName) -> Result<Option<Lock>, Failure> {
        Lock::take_if_free(&self.state, connection)
    }

    /// Checks that the connection has an API key before a large file is read for nothing.
    pub(super) async fn check_api_key(&self, connection: &Connection) -> Result<(), Failure> {
        let secrets = &self.app.ports().secrets;
        match secrets.api_key(connection.secret(), Freshness::Cached).await {
            Ok(_) => Ok(()),
            Err(error @ (SecretError::Service { .. } | SecretError::Unavailable { .. })) => {
                Err(Failure::failed(error))
            }
            // The user must store the key, or store it differently.
            Err(
                error @ (SecretError::NotFound { .. }
                | SecretError::Invalid { .. }
                | SecretError::Exposed { .. }),
            ) => Err(Failure::usage(error)),
        }
    }

    /// Works on a run until it is over, and returns its report. `to_resume` tells the user how to continue an
    /// interrupted run.
    pub(super) async fn finish(
        &self,
        run: &RunRef,
        stop: &CancellationToken,
        to_resume: &str,
    ) -> Result<Box<Report>, Failure> {
        match self.app.work_off(run, stop).await.map_err(Failure::failed)? {
            Ended::Finished(report) => Ok(report),
            Ended::Interrupted => Err(Failure::failed(format!("run {run} was interrupted; {to_resume}"))),
        }
    }
}

/// Opens a state directory, which must exist.
pub(super) fn directory(state: &Path) -> Result<Directory, Failure> {
    if !state.is_dir() {
        return Err(Failure::usage(format!(
            "{}: this directory does not exist; --state names the one that holds connections/ and exports/",
            state.display()
        )));
    }
    Directory::open(state).map_err(|error| Failure::failed(format!("{}: {error}", state.display())))
}

/// Returns the ports of this machine. `api_key` is used instead of the files under `secrets/`.
pub(super) fn ports(objects: Directory, state: &Path, api_key: Option<&SecretString>) -> Ports {
    let api_key = api_key.map(|key| key.expose_secret().to_owned());
    Ports {
        objects: Arc::new(objects),
        queue: Arc::new(MemoryQueue::new(Settings { visibility: VISIBILITY, ..Settings::default() })),
        secrets: Arc::new(LocalSecrets::new(state.join("secrets"), api_key)),
        clock: Arc::new(SystemClock),
    }
}

/// Returns a unique ID for a user's request.
pub(super) fn request_id() -> String {
    uuid::Uuid::new_v4().to_string()
}
