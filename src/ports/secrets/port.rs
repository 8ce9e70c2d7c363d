//! The port of secrets: what every store of API keys does.

use std::{error::Error, fmt};

use async_trait::async_trait;
use omnisend::{ApiKey, Freshness};

use super::text::InvalidSecret;

/// A store of Omnisend's API keys: Secrets Manager, or files and a variable.
#[async_trait]
pub trait Secrets: fmt::Debug + Send + Sync {
    /// Returns the API key in the secret `name`, which is a connection's `secret`.
    async fn api_key(&self, name: &str, freshness: Freshness) -> Result<ApiKey, SecretError>;
}

/// Why there is no API key. Names the secret, never its value.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The secret does not exist.
    #[error("secret `{name}` was not found; {advice}")]
    NotFound {
        name: String,
        /// How to create it.
        advice: String,
    },
    /// The secret's text is not a key.
    #[error(
        "secret `{name}` is not an API key: {source}; it must hold the raw key or {{\"api_key\": \"…\"}}"
    )]
    Invalid {
        name: String,
        #[source]
        source: InvalidSecret,
    },
    /// Other users can read the secret's file.
    #[error("secret `{name}`: {path} can be read by others (mode {mode:o}); run `chmod 600 {path}`")]
    Exposed { name: String, path: String, mode: u32 },
    /// The secret could not be read, and may be readable a moment later.
    #[error("secret `{name}` could not be read just now: {source}")]
    Unavailable {
        name: String,
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// The secret exists, but could not be read.
    #[error("secret `{name}` could not be read: {source}")]
    Service {
        name: String,
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
}
