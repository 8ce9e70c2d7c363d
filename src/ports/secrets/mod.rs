//! Secrets: the Omnisend API keys.

mod local;
#[cfg(feature = "aws")]
mod manager;

use std::fmt;

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

pub use self::local::LocalSecrets;
#[cfg(feature = "aws")]
pub use self::manager::SecretsManager;

/// An Omnisend API key. Never printed: its `Debug` shows a placeholder, and it has no `Display`.
#[derive(Debug, Clone)]
pub struct ApiKey(SecretString);

impl ApiKey {
    /// Reads a secret's text: the raw key, or a JSON object `{"api_key": "…"}`.
    pub fn parse(text: &str) -> Result<Self, InvalidSecret> {
        #[derive(Deserialize)]
        struct Json {
            api_key: String,
        }
        let text = text.trim();
        let key = if text.starts_with('{') {
            serde_json::from_str::<Json>(text).map_err(|_| InvalidSecret::Json)?.api_key
        } else {
            text.to_owned()
        };
        let key = key.trim();
        if key.is_empty() {
            return Err(InvalidSecret::Empty);
        }
        // It goes into an HTTP header, where nothing else may stand.
        if !key.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(InvalidSecret::Characters);
        }
        Ok(Self(SecretString::from(key.to_owned())))
    }

    /// The key itself, for the request's header only.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

/// What is wrong with a secret's text. Says nothing of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSecret {
    /// Nothing but white space.
    #[error("it is empty")]
    Empty,
    /// It begins like JSON and is not `{"api_key": "…"}`.
    #[error("it looks like JSON and is not of the form {{\"api_key\": \"…\"}}")]
    Json,
    /// A space, a line break or a character outside ASCII.
    #[error("it holds a space, a line break or a character that no API key has")]
    Characters,
}

/// Whether a cached value will do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// The value of an earlier call will do.
    Cached,
    /// Read it again: Omnisend refused the cached one.
    Fresh,
}

/// Where API keys are kept: Secrets Manager, or a file and a variable.
#[async_trait]
pub trait Secrets: fmt::Debug + Send + Sync {
    /// The API key that a connection's `secret` names.
    async fn api_key(&self, name: &str, freshness: Freshness) -> Result<ApiKey, SecretError>;
}

/// Why there is no API key. Names the secret, never its value.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// There is no such secret.
    #[error("secret `{name}` was not found; {advice}")]
    NotFound {
        /// The secret.
        name: String,
        /// How to make it.
        advice: String,
    },
    /// The secret's text is not a key.
    #[error(
        "secret `{name}` is not an API key: {source}; it must hold the raw key or {{\"api_key\": \"…\"}}"
    )]
    Invalid {
        /// The secret.
        name: String,
        /// What is wrong with it.
        #[source]
        source: InvalidSecret,
    },
    /// The secret's file can be read by others.
    #[error("secret `{name}`: {path} can be read by others (mode {mode:o}); run `chmod 600 {path}`")]
    Exposed {
        /// The secret.
        name: String,
        /// Its file.
        path: String,
        /// The file's mode.
        mode: u32,
    },
    /// The secret could not be read just now, and perhaps can in a moment.
    #[error("secret `{name}` could not be read just now: {source}")]
    Unavailable {
        /// The secret.
        name: String,
        /// What went wrong.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The secret is there and cannot be read.
    #[error("secret `{name}` could not be read: {source}")]
    Service {
        /// The secret.
        name: String,
        /// What went wrong.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_the_raw_key_or_json() {
        assert_eq!(ApiKey::parse(" key-1\n").unwrap().expose(), "key-1");
        assert_eq!(ApiKey::parse(r#"{"api_key": "key-2", "other": 1}"#).unwrap().expose(), "key-2");
        assert_eq!(ApiKey::parse(" \n").unwrap_err(), InvalidSecret::Empty);
        assert_eq!(ApiKey::parse(r#"{"key": "x"}"#).unwrap_err(), InvalidSecret::Json);
        assert_eq!(ApiKey::parse("two words").unwrap_err(), InvalidSecret::Characters);
    }

    #[test]
    fn a_key_is_never_printed() {
        assert!(!format!("{:?}", ApiKey::parse("canary-key").unwrap()).contains("canary"));
    }
}
