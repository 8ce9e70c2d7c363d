//! How hard a request is tried, and for how long.

use std::time::Duration;

use tokio::time::Instant;

use crate::{omnisend::CallError, scale};

/// How long one attempt may take. Omnisend's answer to a batch takes well under a second.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(30);

/// How much longer than the caller's time an attempt may take that is under way when it ends: enough for an answer
/// that is on its way, and little enough for the caller to write down what was sent.
const ANSWER_AFTER_DEADLINE: Duration = Duration::from_secs(8);

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
    pub(super) fn attempt(&self) -> Duration {
        let whole = scale::answer(ATTEMPT_TIMEOUT);
        let left =
            |deadline: Instant| (deadline + ANSWER_AFTER_DEADLINE).saturating_duration_since(Instant::now());
        self.deadline.map_or(whole, |deadline| whole.min(left(deadline)))
    }

    /// Whether a wait until `until` ends before the caller's time does.
    pub(super) fn lasts(&self, until: Instant) -> Result<(), CallError> {
        match self.deadline {
            Some(deadline) if until >= deadline => Err(CallError::OutOfTime),
            _ => Ok(()),
        }
    }
}
