//! A connection's API key: read when it is first needed, and again where Omnisend refused it.

use std::sync::{Arc, Mutex, PoisonError};

use super::CallError;
use crate::ports::secrets::{ApiKey, Freshness, SecretError, Secrets};

/// The key that a secret holds.
#[derive(Debug)]
pub(super) struct Key {
    secrets: Arc<dyn Secrets>,
    secret: String,
    known: Mutex<Option<ApiKey>>,
    /// Of many requests whose key is refused at the same time, one reads the secret again.
    refresh: tokio::sync::Mutex<()>,
}

impl Key {
    /// The key of a secret. It is not read yet.
    pub(super) fn new(secrets: Arc<dyn Secrets>, secret: String) -> Self {
        Self { secrets, secret, known: Mutex::default(), refresh: tokio::sync::Mutex::default() }
    }

    /// The key, read if it is not known.
    pub(super) async fn get(&self) -> Result<ApiKey, CallError> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match known {
            Some(key) => Ok(key),
            None => self.read(Freshness::Cached).await,
        }
    }

    /// The key after one was refused: the one that another request has read meanwhile, or what the secret holds now.
    pub(super) async fn after(&self, refused: &ApiKey) -> Result<ApiKey, CallError> {
        let _one = self.refresh.lock().await;
        let known = self.get().await?;
        if known.expose() != refused.expose() {
            return Ok(known);
        }
        tracing::warn!("the API key was refused; reading the secret again");
        self.read(Freshness::Fresh).await
    }

    async fn read(&self, freshness: Freshness) -> Result<ApiKey, CallError> {
        let key = self.secrets.api_key(&self.secret, freshness).await.map_err(|error| match error {
            SecretError::Unavailable { .. } => CallError::KeyLater(error.to_string()),
            _ => CallError::Key(error.to_string()),
        })?;
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some(key.clone());
        Ok(key)
    }
}
