//! The client: every attempt waits for its slot, retries are one layer, and a refusal comes with its advice.

mod batches;
mod contacts;
mod limits;
mod patience;
mod segments;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use backon::{BackoffBuilder, ExponentialBuilder};
use bytes::Bytes;
use reqwest::{Method, StatusCode, Url, header};

use self::limits::{Limit, Limits};
pub use self::patience::Patience;
use super::{
    CallError, Pacer, Permanent, Slot, VERSION,
    error::{Verdict, verdict},
    key::Key,
};
use crate::{
    ports::secrets::{ApiKey, Secrets},
    run::flaw,
    scale,
};

/// How long connecting may take, of that.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// What a 429 that names no time waits for: a sixth of Omnisend's window.
const DEFAULT_THROTTLE_WAIT: Duration = Duration::from_secs(10);

/// The most that a 429 waits for: after two windows nothing of what filled them is left.
const MAX_THROTTLE_WAIT: Duration = Duration::from_mins(2);

/// How many 429s in a row one request waits out. With the waits above, an hour or more of somebody else's use.
const MAX_THROTTLES: u32 = 60;

/// The longest delay before a request that failed is tried again.
const LAST_DELAY: Duration = Duration::from_mins(1);

/// What a client has asked of Omnisend so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Requests, every attempt counted.
    pub requests: u64,
    /// How many of them were answered with 429.
    pub throttled: u64,
}

/// One connection's way to Omnisend.
#[derive(Debug)]
pub struct Client {
    http: reqwest::Client,
    base_url: Url,
    key: Key,
    limits: Limits,
    requests: AtomicU64,
    throttled: AtomicU64,
}

impl Client {
    /// A client for the connection whose key `secret` names. Nothing is asked of anyone yet.
    pub fn new(
        base_url: Url,
        secrets: Arc<dyn Secrets>,
        secret: String,
        pacer: Arc<Pacer>,
    ) -> Result<Self, reqwest::Error> {
        let http = reqwest::Client::builder()
            .user_agent(concat!("omnisend-export/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIMEOUT)
            // The API does not redirect, and the key must not follow somebody else's word elsewhere.
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        let zero = || AtomicU64::new(0);
        Ok(Self {
            http,
            base_url,
            key: Key::new(secrets, secret),
            limits: Limits::new(pacer),
            requests: zero(),
            throttled: zero(),
        })
    }

    /// What was asked so far.
    pub fn usage(&self) -> Usage {
        Usage {
            requests: self.requests.load(Ordering::Relaxed),
            throttled: self.throttled.load(Ordering::Relaxed),
        }
    }

    /// The pacer that every request waits for.
    pub fn pacer(&self) -> &Pacer {
        &self.limits.brand
    }

    /// Reads the API key, unless it is known.
    pub async fn know_key(&self) -> Result<(), CallError> {
        self.key.get().await.map(drop)
    }

    fn url(&self, segments: &[&str]) -> Url {
        let mut url = self.base_url.clone();
        // Only a URL without a host, such as `mailto:`, has no path; the environment refuses those.
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        url
    }

    /// Sends a request until it is taken, refused for good, or out of patience.
    async fn call(
        &self,
        limit: Limit,
        mut slot: Option<Slot>,
        method: Method,
        url: Url,
        body: Option<Bytes>,
        patience: Patience,
    ) -> Result<Bytes, CallError> {
        let mut delays = ExponentialBuilder::new()
            .with_min_delay(scale::wait(patience.first_delay))
            .with_max_delay(scale::wait(LAST_DELAY))
            .with_max_times(patience.retries)
            .with_jitter()
            .build();
        let (mut attempts, mut throttles, mut refreshed) = (0, 0, false);
        let mut key = self.key.get().await?;
        loop {
            let slot = match slot.take() {
                Some(slot) => slot,
                None => self.limits.slot(limit, patience).await?,
            };
            attempts += 1;
            let (verdict, answer) = self.attempt(slot, &method, &url, body.clone(), &key, patience).await;
            match verdict {
                Verdict::Done => return Ok(answer),
                Verdict::Throttled(wait) => {
                    self.throttled.fetch_add(1, Ordering::Relaxed);
                    throttles += 1;
                    let wait =
                        wait.unwrap_or_else(|| scale::wait(DEFAULT_THROTTLE_WAIT)).min(MAX_THROTTLE_WAIT);
                    tracing::warn!(
                        wait.seconds = wait.as_secs(),
                        "rate limit reached; another integration uses the brand's budget too"
                    );
                    self.limits.throttled(limit, wait);
                    if throttles >= MAX_THROTTLES {
                        let last = "the brand's rate limit is used up by others".to_owned();
                        return Err(CallError::Unavailable { attempts, last });
                    }
                }
                Verdict::Retry(last) => {
                    let Some(delay) = delays.next() else {
                        return Err(CallError::Unavailable { attempts, last });
                    };
                    tracing::warn!(
                        attempt = attempts,
                        delay.ms = delay.as_secs_f64() * 1000.0,
                        reason = last,
                        "request failed; trying again"
                    );
                    patience.lasts(tokio::time::Instant::now() + delay)?;
                    tokio::time::sleep(delay).await;
                }
                Verdict::RefreshKey(refusal) if refreshed => {
                    return Err(CallError::Permanent(Box::new(refusal)));
                }
                Verdict::RefreshKey(_) => {
                    refreshed = true;
                    key = self.key.after(&key).await?;
                }
                Verdict::Fail(refusal) => return Err(CallError::Permanent(Box::new(refusal))),
            }
        }
    }

    async fn attempt(
        &self,
        _slot: Slot,
        method: &Method,
        url: &Url,
        body: Option<Bytes>,
        key: &ApiKey,
        patience: Patience,
    ) -> (Verdict, Bytes) {
        self.requests.fetch_add(1, Ordering::Relaxed);
        let value = format!("Omnisend-API-Key {}", key.expose());
        let Ok(mut authorization) = header::HeaderValue::try_from(value) else {
            // A parsed key holds visible ASCII only.
            return (Verdict::Retry("the API key is not a header".to_owned()), Bytes::new());
        };
        authorization.set_sensitive(true);
        let mut request = self
            .http
            .request(method.clone(), url.clone())
            .header(header::AUTHORIZATION, authorization)
            .header("Omnisend-Version", VERSION)
            .header(header::CONTENT_TYPE, "application/json")
            .timeout(patience.attempt());
        if let Some(body) = body {
            request = request.body(body);
        }
        let answered = async {
            let response = request.send().await?;
            let status = response.status();
            let retry_after = response.headers().get(header::RETRY_AFTER).cloned();
            Ok::<_, reqwest::Error>((status, retry_after, response.bytes().await?))
        };
        match answered.await {
            Ok((status, retry_after, body)) => {
                tracing::debug!(
                    http.method = %method,
                    url.path = url.path(),
                    http.status = status.as_u16(),
                    response.bytes = body.len(),
                    "request answered"
                );
                let retry_after = retry_after.as_ref().and_then(|value| value.to_str().ok());
                (verdict(status.as_u16(), retry_after, &body), body)
            }
            Err(error) => (Verdict::Retry(explain(&error)), Bytes::new()),
        }
    }
}

fn parse<T: serde::de::DeserializeOwned>(answer: &[u8]) -> Result<T, CallError> {
    serde_json::from_slice(answer).map_err(|error| unexpected(&flaw(&error).to_string()))
}

/// An answer that says something else than what was asked.
fn unexpected(reason: &str) -> CallError {
    let detail = Some(format!("the answer is not what the API documents: {reason}"));
    let problem = super::Problem { detail, ..Default::default() };
    CallError::Permanent(Box::new(Permanent { status: StatusCode::OK.as_u16(), problem }))
}

/// What went wrong on the way, without the URL, and down to the cause that says something.
fn explain(error: &reqwest::Error) -> String {
    let kind = if error.is_timeout() {
        "no answer in time"
    } else if error.is_connect() {
        "could not connect"
    } else {
        "the connection broke"
    };
    let mut cause: &dyn std::error::Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    format!("{kind}: {cause}")
}
