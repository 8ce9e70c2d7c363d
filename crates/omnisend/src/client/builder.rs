//! Builds a client.

use std::sync::Arc;

use reqwest::{Url, redirect};

use super::call::Client;
use crate::{
    key::{CachedKey, KeySource},
    limits::Limits,
    pacer::Pacer,
    published::REQUESTS_PER_MINUTE,
    retry::{CONNECT_TIMEOUT, Timing},
};

/// Builds a [`Client`].
#[derive(Debug)]
#[must_use = "a builder does nothing until `build` is called"]
pub struct ClientBuilder {
    base_url: Url,
    key_source: Arc<dyn KeySource>,
    pacer: Option<Arc<Pacer>>,
    timing: Timing,
    user_agent: String,
}

/// Why a client could not be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The base URL is one to which no path can be appended, such as `mailto:`.
    #[error("`{0}` cannot be the API's base URL: use one such as `https://api.omnisend.com/api`")]
    BaseUrl(Url),
    /// The HTTP client could not be set up.
    #[error("the HTTP client could not be set up: {0}")]
    Http(#[source] reqwest::Error),
}

impl Client {
    /// Starts to build a client for the API at `base_url`, with the key from `key_source`. No request is made and no
    /// key is read until the first call.
    pub fn builder(base_url: Url, key_source: impl KeySource + 'static) -> ClientBuilder {
        ClientBuilder {
            base_url,
            key_source: Arc::new(key_source),
            pacer: None,
            timing: Timing::default(),
            user_agent: concat!("omnisend-rs/", env!("CARGO_PKG_VERSION")).to_owned(),
        }
    }
}

impl ClientBuilder {
    /// Sets the brand's pacer. Clients of one brand in one process must share one, because Omnisend counts requests by
    /// brand. By default the client has its own, with [`REQUESTS_PER_MINUTE`].
    pub fn pacer(mut self, pacer: Arc<Pacer>) -> Self {
        self.pacer = Some(pacer);
        self
    }

    /// Sets how long the client waits, for tests.
    pub fn timing(mut self, timing: Timing) -> Self {
        self.timing = timing;
        self
    }

    /// Sets the value of the header `User-Agent`.
    pub fn user_agent(mut self, user_agent: &str) -> Self {
        user_agent.clone_into(&mut self.user_agent);
        self
    }

    /// Builds the client.
    pub fn build(self) -> Result<Client, BuildError> {
        if self.base_url.cannot_be_a_base() {
            return Err(BuildError::BaseUrl(self.base_url));
        }
        let http = reqwest::Client::builder()
            .user_agent(self.user_agent)
            .connect_timeout(CONNECT_TIMEOUT)
            // The API does not redirect, and a redirect must not send the key to another server.
            .redirect(redirect::Policy::none())
            .build()
            .map_err(BuildError::Http)?;
        let pacer = self.pacer.unwrap_or_else(|| Arc::new(Pacer::new(REQUESTS_PER_MINUTE)));
        Ok(Client::new(
            http,
            self.base_url,
            CachedKey::new(self.key_source),
            Limits::new(pacer, self.timing.narrow_limits_times),
            self.timing,
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::ApiKey;

    #[test]
    fn rejects_a_base_url_that_takes_no_path() {
        let url = Url::parse("mailto:ada@example.com").unwrap();
        let built = Client::builder(url, ApiKey::new("key").unwrap()).build();
        assert!(matches!(built, Err(BuildError::BaseUrl(_))));
    }
}
