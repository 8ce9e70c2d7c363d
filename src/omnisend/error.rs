//! What the outcome of one attempt means: HTTP status to verdict, in one place, as data.

use std::time::Duration;

use super::Problem;

/// Why a call did not succeed, after all that could be done inside it.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CallError {
    /// Omnisend will refuse it however often it is sent.
    #[error("{0}")]
    Permanent(Box<Permanent>),
    /// Omnisend could not be reached or could not answer, for as long as the retries went on.
    #[error(
        "Omnisend did not take the request after {attempts} attempts: {last}; run the export again later, it goes on where it stopped"
    )]
    Unavailable {
        /// How often it was sent.
        attempts: u32,
        /// What the last attempt met.
        last: String,
    },
    /// The time that there was would have run out while waiting.
    #[error("there is no time left to wait for Omnisend")]
    OutOfTime,
    /// The API key cannot be read.
    #[error("{0}")]
    Key(String),
    /// The API key cannot be read just now.
    #[error("{0}")]
    KeyLater(String),
}

/// A refusal that holds.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.text())]
pub struct Permanent {
    /// The HTTP status.
    pub status: u16,
    /// What Omnisend said.
    pub problem: Problem,
}

impl Permanent {
    /// What to do, which follows from the status.
    pub fn advice(&self) -> &'static str {
        match self.status {
            401 => {
                "the API key is not valid: make a new one in Omnisend (Store settings, API keys) and store it in the connection's secret"
            }
            403 => "the API key lacks a permission: it needs to read and write contacts and batches",
            404 => "the API's address may be wrong: look at OMNISEND_API_URL",
            410 => "this version of the API is retired: update omnisend-export",
            413 => "the request is too large: please report this",
            _ => "quote the trace id to Omnisend's support",
        }
    }

    fn text(&self) -> String {
        let said = self.problem.summary().unwrap_or_else(|| "no explanation".to_owned());
        let trace =
            self.problem.instance.as_deref().map(|id| format!(" (trace id {id})")).unwrap_or_default();
        format!("Omnisend answered {}: {said}{trace}; {}", self.status, self.advice())
    }
}

/// What to do about one answer.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Verdict {
    /// It was taken.
    Done,
    /// Somebody used the budget up: wait, at least as long as the server says.
    Throttled(Option<Duration>),
    /// It may be taken next time.
    Retry(String),
    /// The key was refused: it may have been rotated.
    RefreshKey(Permanent),
    /// It never will be.
    Fail(Permanent),
}

/// The verdict on an answer. `retry_after` is the header's value, if there was one.
pub(super) fn verdict(status: u16, retry_after: Option<&str>, body: &[u8]) -> Verdict {
    let problem = || Problem::parse(body);
    match status {
        200..=299 => Verdict::Done,
        429 => {
            let header = retry_after.and_then(|text| text.trim().parse::<u64>().ok());
            let seconds = header.into_iter().chain(problem().retry_after).max();
            Verdict::Throttled(seconds.map(Duration::from_secs))
        }
        401 => Verdict::RefreshKey(Permanent { status, problem: problem() }),
        408 | 425 | 500..=599 => {
            let said = problem().summary().map(|said| format!(": {said}")).unwrap_or_default();
            Verdict::Retry(format!("it answered {status}{said}"))
        }
        _ => Verdict::Fail(Permanent { status, problem: problem() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_has_its_verdict() {
        let of = |status, header, body: &str| verdict(status, header, body.as_bytes());
        let wait = |seconds| Verdict::Throttled(Some(Duration::from_secs(seconds)));
        assert_eq!(of(200, None, "{}"), Verdict::Done);
        assert_eq!(of(201, None, "{}"), Verdict::Done);
        assert_eq!(of(429, None, r#"{"retryAfter": 7}"#), wait(7));
        assert_eq!(of(429, Some("9"), r#"{"retryAfter": 7}"#), wait(9), "the longer of the two");
        assert_eq!(of(429, None, "<html>slow down</html>"), Verdict::Throttled(None));
        assert_eq!(of(500, None, ""), Verdict::Retry("it answered 500".to_owned()));
        assert_eq!(
            of(503, None, r#"{"detail": "maintenance"}"#),
            Verdict::Retry("it answered 503: maintenance".to_owned())
        );
        assert!(matches!(of(401, None, "{}"), Verdict::RefreshKey(Permanent { status: 401, .. })));
        for status in [301, 400, 403, 404, 409, 410, 413, 422] {
            assert!(matches!(of(status, None, "{}"), Verdict::Fail(p) if p.status == status), "{status}");
        }
    }

    #[test]
    fn a_refusal_says_what_omnisend_said_and_what_to_do() {
        let body = r#"{"type": "https://problems.omnisend.com/validation", "title": "Validation failed",
            "detail": "the request is not valid", "instance": "urn:omnisend:request:1b2c",
            "errors": [{"field": "items", "code": "max", "message": "must have at most 100"}]}"#;
        let Verdict::Fail(refusal) = verdict(400, None, body.as_bytes()) else { panic!("not permanent") };
        assert_eq!(
            refusal.to_string(),
            "Omnisend answered 400: the request is not valid; items: must have at most 100 (trace id \
             urn:omnisend:request:1b2c); quote the trace id to Omnisend's support"
        );
        let Verdict::Fail(refusal) = verdict(410, None, b"<html>") else { panic!("not permanent") };
        assert_eq!(
            refusal.to_string(),
            "Omnisend answered 410: no explanation; this version of the API is retired: update omnisend-export"
        );
    }
}
