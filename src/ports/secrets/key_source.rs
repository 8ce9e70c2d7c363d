//! The key of one connection, for the API client.

use std::sync::Arc;

use async_trait::async_trait;
use omnisend::{ApiKey, Freshness, KeyError, KeySource};

use super::port::{SecretError, Secrets};

/// The key in one secret.
#[derive(Debug)]
pub struct SecretKey {
    secrets: Arc<dyn Secrets>,
    name: String,
}

impl SecretKey {
    /// Creates a source of the key in the secret `name`. It is read when the client asks for it.
    pub fn new(secrets: Arc<dyn Secrets>, name: &str) -> Self {
        Self { secrets, name: name.to_owned() }
    }
}

#[async_trait]
impl KeySource for SecretKey {
    async fn api_key(&self, freshness: Freshness) -> Result<ApiKey, KeyError> {
        self.secrets.api_key(&self.name, freshness).await.map_err(|error| match error {
            SecretError::Unavailable { .. } => KeyError::Temporary(error.into()),
            _ => KeyError::Permanent(error.into()),
        })
    }
}
