//! The application: the ports, the brands' API clients and the settings that every operation uses.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use super::error::AppError;
use crate::{
    config::{Connection, load_connection},
    environment::ApiUrl,
    keys::{ConnectionName, RunRef},
    ports::{Ports, secrets::SecretKey},
    run::Manifest,
    stage::{Observer, Records, settle::Limits},
    test_scale,
};
use omnisend::{Client, Pacer};

#[derive(Debug)]
pub struct App {
    ports: Ports,
    api_url: ApiUrl,
    observer: Arc<dyn Observer>,
    limits: Limits,
    clients: Mutex<HashMap<ConnectionName, (Connection, Arc<Client>)>>,
}

impl App {
    pub fn new(ports: Ports, api_url: ApiUrl, observer: Arc<dyn Observer>, limits: Limits) -> Self {
        Self { ports, api_url, observer, limits, clients: Mutex::default() }
    }

    pub fn ports(&self) -> &Ports {
        &self.ports
    }

    pub(super) fn observer(&self) -> &dyn Observer {
        &*self.observer
    }

    pub(super) fn limits(&self) -> Limits {
        self.limits
    }

    pub(super) fn records(&self) -> Records {
        Records::new(self.ports.objects.clone())
    }

    /// Returns a run's manifest, or [`AppError::NoRun`].
    pub async fn manifest(&self, run: &RunRef) -> Result<Manifest, AppError> {
        self.records().manifest(run).await?.ok_or_else(|| AppError::NoRun { run: run.clone() })
    }

    /// Loads a connection's configuration.
    pub async fn connection(&self, name: &ConnectionName) -> Result<Connection, AppError> {
        Ok(load_connection(&*self.ports.objects, name, self.ports.clock.now()).await?)
    }

    /// Returns the connection and its client, which owns the pacer. The client is kept while the process lives and the
    /// connection's file is unchanged. A new pacer assumes that its predecessor has just used the whole budget.
    pub(super) async fn client(&self, name: &ConnectionName) -> Result<(Connection, Arc<Client>), AppError> {
        let connection = self.connection(name).await?;
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, client)) = clients.get(name)
            && *known == connection
        {
            return Ok((connection, client.clone()));
        }
        let key = SecretKey::new(self.ports.secrets.clone(), connection.secret());
        let client = Client::builder(self.api_url.url().clone(), key)
            .pacer(Arc::new(Pacer::new(connection.budget())))
            .timing(test_scale::timing())
            .user_agent(concat!("omnisend-export/", env!("CARGO_PKG_VERSION")))
            .build()?;
        let client = Arc::new(client);
        clients.insert(name.clone(), (connection.clone(), client.clone()));
        Ok((connection, client))
    }
}
