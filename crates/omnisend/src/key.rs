//! The API key: where it comes from, and when it is read again.

use std::{
    error::Error,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use reqwest::header::HeaderValue;

/// An Omnisend API key. Its `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey(HeaderValue);

/// A text that cannot be an API key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an API key consists of visible ASCII characters")]
pub struct InvalidKey;

impl ApiKey {
    /// Parses a key, which must consist of one or more visible ASCII characters.
    pub fn new(key: &str) -> Result<Self, InvalidKey> {
        if key.is_empty() || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(InvalidKey);
        }
        let mut header = HeaderValue::try_from(format!("Omnisend-API-Key {key}")).map_err(|_| InvalidKey)?;
        header.set_sensitive(true);
        Ok(Self(header))
    }

    /// Returns the value of the `Authorization` header.
    pub(crate) fn authorization(&self) -> HeaderValue {
        self.0.clone()
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(…)")
    }
}

/// Whether a cached key is acceptable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// The source may return a key that it has cached.
    Cached,
    /// The source must read the key again: Omnisend refused the cached one.
    Fresh,
}

/// Where a client gets its API key, such as a secret store.
#[async_trait]
pub trait KeySource: fmt::Debug + Send + Sync {
    /// Returns the key. The client calls it before its first request, and again after Omnisend refused the key.
    async fn api_key(&self, freshness: Freshness) -> Result<ApiKey, KeyError>;
}

/// A key that does not change.
#[async_trait]
impl KeySource for ApiKey {
    async fn api_key(&self, _freshness: Freshness) -> Result<ApiKey, KeyError> {
        Ok(self.clone())
    }
}

/// Why a [`KeySource`] has no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// Reading the key may succeed a moment later.
    #[error("{0}")]
    Temporary(#[source] Box<dyn Error + Send + Sync>),
    /// Reading the key fails until a person changes something.
    #[error("{0}")]
    Permanent(#[source] Box<dyn Error + Send + Sync>),
}

/// The key of one client. It is read when it is first needed.
#[derive(Debug)]
pub(crate) struct CachedKey {
    source: Arc<dyn KeySource>,
    cached: Mutex<Option<ApiKey>>,
    /// If many requests are refused at the same time, one of them reads the key again.
    refresh: tokio::sync::Mutex<()>,
}

impl CachedKey {
    pub(crate) fn new(source: Arc<dyn KeySource>) -> Self {
        Self { source, cached: Mutex::default(), refresh: tokio::sync::Mutex::default() }
    }

    /// Returns the cached key, or reads it.
    pub(crate) async fn get(&self) -> Result<ApiKey, KeyError> {
        let cached = self.cached.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match cached {
            Some(key) => Ok(key),
            None => self.read(Freshness::Cached).await,
        }
    }

    /// Returns the key to use after one was refused: the key that another request has read meanwhile, or else the
    /// source's current key.
    pub(crate) async fn after_refusal(&self, refused: &ApiKey) -> Result<ApiKey, KeyError> {
        let _one_at_a_time = self.refresh.lock().await;
        let cached = self.get().await?;
        if cached != *refused {
            return Ok(cached);
        }
        tracing::warn!("the API key was refused; reading the secret again");
        self.read(Freshness::Fresh).await
    }

    async fn read(&self, freshness: Freshness) -> Result<ApiKey, KeyError> {
        let key = self.source.api_key(freshness).await?;
        *self.cached.lock().unwrap_or_else(PoisonError::into_inner) = Some(key.clone());
        Ok(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rejects_a_key_that_no_header_can_carry() {
        for key in ["", "two words", "line\nbreak", "schlüssel"] {
            assert_eq!(ApiKey::new(key), Err(InvalidKey), "{key:?}");
        }
    }

    #[test]
    fn a_key_is_not_printed() {
        let key = ApiKey::new("canary-key").unwrap();
        assert!(!format!("{key:?} {:?}", key.authorization()).contains("canary"));
    }
}
