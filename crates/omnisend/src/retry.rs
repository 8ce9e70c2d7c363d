//! Every retry and every wait of the client, with its reason: which answers are retried, how often, and after how long.

use std::{num::NonZeroU32, time::Duration};

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use tokio::time::Instant;

use crate::{problem::Problem, refusal::Refusal};

/// How long connecting may take.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long one attempt may take. Omnisend answers a batch well within a second.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(30);

/// How long an attempt in flight may run past the deadline: long enough for an answer that is on its way, short enough
/// for the caller to record what was sent.
const GRACE_AFTER_DEADLINE: Duration = Duration::from_secs(8);

/// The wait after a 429 that names no time: a sixth of Omnisend's window of 60 s.
const DEFAULT_THROTTLE_WAIT: Duration = Duration::from_secs(10);

/// The longest wait after a 429: after two windows no earlier request counts any more.
const MAX_THROTTLE_WAIT: Duration = Duration::from_mins(2);

/// How many 429s in a row one request waits out. With the waits above, other integrations may use the whole rate
/// limit for 10 minutes or more before the request fails.
pub(crate) const MAX_THROTTLES: u32 = 60;

/// How often a failed attempt is retried, and how long the client waits before each retry. Answers with 429 do not
/// count: they are waited out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// The most retries of one request.
    pub retries: usize,
    /// The wait before the first retry. It doubles with each retry, and a random part of up to its own length is added.
    pub first_delay: Duration,
    /// The longest wait, without its random part.
    pub max_delay: Duration,
}

impl RetryPolicy {
    /// 9 retries in 3 to 6 minutes: a restart or a short outage of the API passes in that time.
    pub const DEFAULT: Self = Self::retries(9);

    /// One attempt: for a request that could take effect twice.
    pub const NEVER: Self = Self::retries(0);

    /// Returns a policy of this many retries, with waits that double from 0.5 s up to 1 minute.
    pub const fn retries(retries: usize) -> Self {
        Self { retries, first_delay: Duration::from_millis(500), max_delay: Duration::from_mins(1) }
    }

    /// Returns options for a call with this policy and a deadline.
    pub const fn until(self, deadline: Option<Instant>) -> CallOptions {
        CallOptions { retry: self, deadline }
    }

    pub(crate) fn delays(&self, timing: &Timing) -> ExponentialBackoff {
        ExponentialBuilder::new()
            .with_min_delay(timing.wait(self.first_delay))
            .with_max_delay(timing.wait(self.max_delay))
            .with_max_times(self.retries)
            .with_jitter()
            .build()
    }
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// The options of one call.
#[derive(Debug, Clone, Copy, Default)]
pub struct CallOptions {
    /// How the call is retried.
    pub retry: RetryPolicy,
    /// The caller's deadline. The call starts no wait that would end later, but returns
    /// [`OutOfTime`](crate::CallError::OutOfTime). An attempt in flight at the deadline may take 8 s more.
    pub deadline: Option<Instant>,
}

impl CallOptions {
    /// Returns how long an attempt that starts now may take.
    pub(crate) fn attempt_timeout(&self, timing: &Timing) -> Duration {
        let left =
            |deadline: Instant| (deadline + GRACE_AFTER_DEADLINE).saturating_duration_since(Instant::now());
        self.deadline.map_or(timing.attempt_timeout, |deadline| timing.attempt_timeout.min(left(deadline)))
    }

    /// Returns whether a wait until `until` ends before the deadline.
    pub(crate) fn allow(&self, until: Instant) -> bool {
        self.deadline.is_none_or(|deadline| until < deadline)
    }
}

/// Shortens the client's own waits, for tests against a stand-in of the API. The default changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// How long one attempt may take; 30 s by default.
    pub attempt_timeout: Duration,
    /// Divides the waits between attempts, and the wait after a 429 that names no time.
    pub waits_divided_by: NonZeroU32,
    /// Multiplies the rate limits that apply to `/contacts/tags` and `/segments` alone.
    pub narrow_limits_times: NonZeroU32,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            attempt_timeout: ATTEMPT_TIMEOUT,
            waits_divided_by: NonZeroU32::MIN,
            narrow_limits_times: NonZeroU32::MIN,
        }
    }
}

impl Timing {
    fn wait(&self, wait: Duration) -> Duration {
        wait / self.waits_divided_by.get()
    }

    /// Returns how long to wait after a 429 that asked for `asked`.
    pub(crate) fn throttle_wait(&self, asked: Option<Duration>) -> Duration {
        asked.unwrap_or_else(|| self.wait(DEFAULT_THROTTLE_WAIT)).min(MAX_THROTTLE_WAIT)
    }
}

/// Why an attempt failed that may succeed if it is retried.
#[derive(Debug, thiserror::Error)]
pub enum AttemptError {
    /// Omnisend answered with a status that is temporary.
    #[error("it answered {status}{}", explanation(.problem))]
    Answered {
        /// The HTTP status.
        status: u16,
        /// Omnisend's explanation.
        problem: Box<Problem>,
    },
    /// There was no complete answer in time.
    #[error("no answer in time: {}", deepest(.0))]
    Timeout(#[source] reqwest::Error),
    /// The connection could not be opened.
    #[error("could not connect: {}", deepest(.0))]
    Connect(#[source] reqwest::Error),
    /// The connection ended before the answer was complete.
    #[error("the connection broke: {}", deepest(.0))]
    Broken(#[source] reqwest::Error),
    /// Omnisend answered 429 too often in a row.
    #[error("other integrations use up the brand's rate limit")]
    Throttled,
}

impl From<reqwest::Error> for AttemptError {
    fn from(error: reqwest::Error) -> Self {
        // The URL may hold an email address.
        let error = error.without_url();
        if error.is_timeout() {
            Self::Timeout(error)
        } else if error.is_connect() {
            Self::Connect(error)
        } else {
            Self::Broken(error)
        }
    }
}

fn explanation(problem: &Problem) -> String {
    problem.summary().map(|summary| format!(": {summary}")).unwrap_or_default()
}

/// Returns the innermost cause: the messages above it only say in which layer it happened.
fn deepest(error: &reqwest::Error) -> &dyn std::error::Error {
    let mut cause: &dyn std::error::Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause
}

/// What to do about one attempt.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// It succeeded.
    Done,
    /// The rate limit is reached: wait for as long as the answer asks, if it does.
    Throttled(Option<Duration>),
    /// It failed, but may succeed if it is retried.
    Retry(AttemptError),
    /// The key was refused: read it again once, because it may have been rotated.
    RefreshKey(Refusal),
    /// It will never succeed.
    Fail(Refusal),
}

/// Returns the verdict on an answer. `retry_after` is the value of the header `Retry-After`.
pub(crate) fn verdict(status: u16, retry_after: Option<&str>, body: &[u8]) -> Verdict {
    match status {
        200..=299 => Verdict::Done,
        429 => {
            // The API reference documents `retryAfter` in the body of some endpoints; older documents promised
            // headers. The longer of the two is safe.
            let header = retry_after.and_then(|text| text.trim().parse().ok());
            let seconds = header.into_iter().chain(Problem::parse(body).retry_after).max();
            Verdict::Throttled(seconds.map(Duration::from_secs))
        }
        401 => Verdict::RefreshKey(Refusal::from_answer(status, body)),
        // The server, or a proxy in front of it, failed on the request or never reached it. An upsert and a change of
        // tags are idempotent, so they can be repeated.
        408 | 425 | 500..=599 => {
            Verdict::Retry(AttemptError::Answered { status, problem: Box::new(Problem::parse(body)) })
        }
        _ => Verdict::Fail(Refusal::from_answer(status, body)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::refusal::RefusalKind;

    #[test]
    fn maps_every_status_to_a_verdict() {
        let of = |status, header, body: &str| verdict(status, header, body.as_bytes());
        let wait = |verdict| match verdict {
            Verdict::Throttled(wait) => wait.map(|wait| wait.as_secs()),
            other => panic!("{other:?}"),
        };
        let retry = |verdict| match verdict {
            Verdict::Retry(error) => error.to_string(),
            other => panic!("{other:?}"),
        };
        assert!(matches!(of(200, None, "{}"), Verdict::Done));
        assert!(matches!(of(201, None, "{}"), Verdict::Done));
        assert_eq!(wait(of(429, None, r#"{"retryAfter": 7}"#)), Some(7));
        assert_eq!(wait(of(429, Some("9"), r#"{"retryAfter": 7}"#)), Some(9), "the longer of the two");
        assert_eq!(wait(of(429, None, "<html>slow down</html>")), None);
        assert_eq!(retry(of(500, None, "")), "it answered 500");
        assert_eq!(retry(of(503, None, r#"{"detail": "maintenance"}"#)), "it answered 503: maintenance");
        assert!(
            matches!(of(401, None, "{}"), Verdict::RefreshKey(refusal) if refusal.kind == RefusalKind::InvalidKey)
        );
        for (status, kind) in [
            (301, RefusalKind::Other),
            (400, RefusalKind::Invalid),
            (403, RefusalKind::MissingPermission),
            (404, RefusalKind::NotFound),
            (409, RefusalKind::Conflict),
            (410, RefusalKind::RetiredVersion),
            (413, RefusalKind::TooLarge),
            (422, RefusalKind::Invalid),
        ] {
            assert!(
                matches!(of(status, None, "{}"), Verdict::Fail(refusal) if refusal.kind == kind),
                "{status}"
            );
        }
    }

    #[test]
    fn limits_the_wait_after_a_429() {
        let timing = Timing::default();
        assert_eq!(timing.throttle_wait(None), Duration::from_secs(10));
        assert_eq!(timing.throttle_wait(Some(Duration::from_secs(7))), Duration::from_secs(7));
        assert_eq!(timing.throttle_wait(Some(Duration::from_hours(1))), Duration::from_mins(2));
    }

    #[test]
    fn the_default_policy_waits_for_3_to_6_minutes() {
        let total: Duration = RetryPolicy::DEFAULT.delays(&Timing::default()).sum();
        assert!((Duration::from_mins(3)..Duration::from_mins(7)).contains(&total), "{total:?}");
    }
}
