//! The client: every attempt waits for its slot, retries are one layer, and a refusal comes with its advice.

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
use tokio::time::Instant;

use super::{
    CallError, MAX_LISTED, Pacer, Permanent, Slot, VERSION,
    error::{Verdict, verdict},
    key::Key,
    wire::{BatchItems, BatchList, BatchStatus, Brand, Posted},
};
use crate::{
    ports::secrets::{ApiKey, Secrets},
    run::flaw,
    scale,
};

/// How long one attempt may take. Omnisend's answer to a batch takes well under a second.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(30);

/// How much longer than the caller's time an attempt may take that is under way when it ends: enough for an answer
/// that is on its way, and little enough for the caller to write down what was sent.
const ANSWER_AFTER_DEADLINE: Duration = Duration::from_secs(8);

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

/// How hard a request is tried.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// How often an attempt that failed may be repeated; 429s do not count.
    pub retries: usize,
    /// The first delay; it doubles, with jitter, up to a minute.
    pub first_delay: Duration,
    /// When the caller's time is over: no wait goes beyond, and no answer is waited for for much longer.
    pub deadline: Option<Instant>,
}

impl Default for Patience {
    /// Some five minutes in all.
    fn default() -> Self {
        Self { retries: 9, first_delay: Duration::from_millis(500), deadline: None }
    }
}

impl Patience {
    /// How long one attempt may take that begins now.
    fn attempt(&self) -> Duration {
        let whole = scale::answer(ATTEMPT_TIMEOUT);
        let left =
            |deadline: Instant| (deadline + ANSWER_AFTER_DEADLINE).saturating_duration_since(Instant::now());
        self.deadline.map_or(whole, |deadline| whole.min(left(deadline)))
    }
}

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
    pacer: Arc<Pacer>,
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
            pacer,
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
        &self.pacer
    }

    /// Reads the API key, unless it is known.
    pub async fn know_key(&self) -> Result<(), CallError> {
        self.key.get().await.map(drop)
    }

    /// Posts a batch of contacts in a slot that the caller waited for. An upsert by e-mail: where an answer is
    /// lost, sending it again does no harm.
    pub async fn post_batch(&self, slot: Slot, body: Bytes, patience: Patience) -> Result<Posted, CallError> {
        let url = self.url(&["batches"]);
        parse(&self.call(Some(slot), Method::POST, url, Some(body), patience).await?)
    }

    /// One page of the batches created on some days, for what became of many at once.
    pub async fn list_batches(
        &self,
        created: std::ops::RangeInclusive<jiff::civil::Date>,
        offset: usize,
        patience: Patience,
    ) -> Result<Vec<BatchStatus>, CallError> {
        let mut url = self.url(&["batches"]);
        url.query_pairs_mut()
            .append_pair("endpoint", "contacts")
            .append_pair("limit", &MAX_LISTED.to_string())
            .append_pair("offset", &offset.to_string())
            .append_pair("dateFrom", &created.start().to_string())
            .append_pair("dateTo", &created.end().to_string());
        let answer = self.call(None, Method::GET, url, None, patience).await?;
        parse::<BatchList>(&answer).map(|list| list.batches)
    }

    /// The brand that the key belongs to.
    pub async fn brand(&self, patience: Patience) -> Result<Brand, CallError> {
        parse(&self.call(None, Method::GET, self.url(&["brands", "current"]), None, patience).await?)
    }

    /// One batch.
    pub async fn batch(&self, id: &str, patience: Patience) -> Result<BatchStatus, CallError> {
        parse(&self.call(None, Method::GET, self.url(&["batches", id]), None, patience).await?)
    }

    /// What became of each item of a batch.
    pub async fn batch_items(&self, id: &str, patience: Patience) -> Result<BatchItems, CallError> {
        parse(&self.call(None, Method::GET, self.url(&["batches", id, "items"]), None, patience).await?)
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
            let slot = if let Some(slot) = slot.take() {
                slot
            } else {
                in_time(patience, self.pacer.next_slot())?;
                self.pacer.slot().await
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
                    self.pacer.throttled(wait);
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
                    in_time(patience, Instant::now() + delay)?;
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

/// Whether a wait until `until` ends before the caller's time does.
fn in_time(patience: Patience, until: Instant) -> Result<(), CallError> {
    match patience.deadline {
        Some(deadline) if until >= deadline => Err(CallError::OutOfTime),
        _ => Ok(()),
    }
}

fn parse<T: serde::de::DeserializeOwned>(answer: &[u8]) -> Result<T, CallError> {
    serde_json::from_slice(answer).map_err(|error| {
        let detail = Some(format!("the answer is not what the API documents: {}", flaw(&error)));
        let problem = super::Problem { detail, ..Default::default() };
        CallError::Permanent(Box::new(Permanent { status: StatusCode::OK.as_u16(), problem }))
    })
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
