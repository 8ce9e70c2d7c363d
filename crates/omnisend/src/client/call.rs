//! One call: every attempt waits for its slot, and this is the only layer that retries.

use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use reqwest::{Method, Url, header};
use serde::de::DeserializeOwned;
use tokio::time::{Instant, sleep};

use crate::{
    error::{CallError, JsonDefect, UnexpectedAnswer},
    key::{ApiKey, CachedKey},
    limits::{Limit, Limits},
    pacer::{Pacer, Slot},
    published::VERSION,
    retry::{AttemptError, CallOptions, MAX_THROTTLES, Timing, Verdict, verdict},
};

/// A client of one brand's API.
#[derive(Debug)]
pub struct Client {
    http: reqwest::Client,
    base_url: Url,
    key: CachedKey,
    limits: Limits,
    timing: Timing,
    requests: AtomicU64,
    throttled: AtomicU64,
}

/// The requests that a client has made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Requests, counting every attempt.
    pub requests: u64,
    /// How many of the requests were answered with 429.
    pub throttled: u64,
}

/// A request, as each of its attempts sends it.
#[derive(Debug)]
pub(super) struct Request {
    pub limit: Limit,
    pub method: Method,
    pub url: Url,
    pub body: Option<Bytes>,
}

impl Request {
    pub(super) fn get(limit: Limit, url: Url) -> Self {
        Self { limit, method: Method::GET, url, body: None }
    }

    pub(super) fn post(limit: Limit, url: Url, body: Bytes) -> Self {
        Self { limit, method: Method::POST, url, body: Some(body) }
    }
}

impl Client {
    pub(super) fn new(
        http: reqwest::Client,
        base_url: Url,
        key: CachedKey,
        limits: Limits,
        timing: Timing,
    ) -> Self {
        let zero = || AtomicU64::new(0);
        Self { http, base_url, key, limits, timing, requests: zero(), throttled: zero() }
    }

    /// Returns the requests made so far.
    pub fn usage(&self) -> Usage {
        Usage {
            requests: self.requests.load(Ordering::Relaxed),
            throttled: self.throttled.load(Ordering::Relaxed),
        }
    }

    /// Returns the pacer that every request waits for.
    pub fn pacer(&self) -> &Pacer {
        &self.limits.brand
    }

    /// Reads the API key, unless it is cached.
    pub async fn load_key(&self) -> Result<(), CallError> {
        self.key.get().await?;
        Ok(())
    }

    /// Returns the URL of a resource below the base URL.
    pub(super) fn url(&self, segments: &[&str]) -> Url {
        let mut url = self.base_url.clone();
        // The builder refuses a base URL that takes no path.
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        url
    }

    /// Sends a request until it succeeds, is refused or has no retry left, and returns the answer's body. The first
    /// attempt uses `slot`.
    pub(super) async fn call(
        &self,
        request: Request,
        mut slot: Option<Slot>,
        options: CallOptions,
    ) -> Result<Bytes, CallError> {
        let mut delays = options.retry.delays(&self.timing);
        let (mut attempts, mut throttles, mut key_is_fresh) = (0, 0, false);
        let mut key = self.key.get().await?;
        loop {
            let slot = match slot.take() {
                Some(slot) => slot,
                None => self.limits.slot(request.limit, options).await?,
            };
            attempts += 1;
            let (verdict, body) = match self.attempt(slot, &request, &key, options).await {
                Ok(answered) => answered,
                Err(error) => (Verdict::Retry(error.into()), Bytes::new()),
            };
            match verdict {
                Verdict::Done => return Ok(body),
                Verdict::Throttled(asked) => {
                    self.throttled.fetch_add(1, Ordering::Relaxed);
                    throttles += 1;
                    let wait = self.timing.throttle_wait(asked);
                    tracing::warn!(
                        wait.seconds = wait.as_secs(),
                        "rate limit reached; another integration uses the brand's budget too"
                    );
                    self.limits.throttled(request.limit, wait);
                    if throttles >= MAX_THROTTLES {
                        return Err(CallError::Unavailable { attempts, last: AttemptError::Throttled });
                    }
                }
                Verdict::Retry(last) => {
                    let Some(delay) = delays.next() else {
                        return Err(CallError::Unavailable { attempts, last });
                    };
                    tracing::warn!(
                        attempt = attempts,
                        delay.ms = delay.as_secs_f64() * 1000.0,
                        reason = %last,
                        "request failed; retrying"
                    );
                    if !options.allow(Instant::now() + delay) {
                        return Err(CallError::OutOfTime);
                    }
                    sleep(delay).await;
                }
                Verdict::RefreshKey(_) if !key_is_fresh => {
                    key_is_fresh = true;
                    key = self.key.after_refusal(&key).await?;
                }
                Verdict::RefreshKey(refusal) | Verdict::Fail(refusal) => {
                    return Err(CallError::Refused(Box::new(refusal)));
                }
            }
        }
    }

    /// Sends a request once, in its slot.
    async fn attempt(
        &self,
        _slot: Slot,
        request: &Request,
        key: &ApiKey,
        options: CallOptions,
    ) -> Result<(Verdict, Bytes), reqwest::Error> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        let mut sent = self
            .http
            .request(request.method.clone(), request.url.clone())
            .header(header::AUTHORIZATION, key.authorization())
            .header("Omnisend-Version", VERSION)
            .header(header::CONTENT_TYPE, "application/json")
            .timeout(options.attempt_timeout(&self.timing));
        if let Some(body) = &request.body {
            sent = sent.body(body.clone());
        }
        let response = sent.send().await?;
        let status = response.status().as_u16();
        let retry_after = response.headers().get(header::RETRY_AFTER).cloned();
        let body = response.bytes().await?;
        tracing::debug!(
            http.method = %request.method,
            url.path = request.url.path(),
            http.status = status,
            response.bytes = body.len(),
            "request answered"
        );
        let retry_after = retry_after.as_ref().and_then(|value| value.to_str().ok());
        Ok((verdict(status, retry_after, &body), body))
    }
}

/// Reads the body of an answer.
pub(super) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, CallError> {
    let parsed = serde_json::from_slice(body);
    parsed.map_err(|error| UnexpectedAnswer::Json(JsonDefect::from(error)).into())
}
