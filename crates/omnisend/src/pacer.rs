//! Spaces the requests of one brand so that its rate limit holds in any window.
//!
//! Omnisend counts a brand's requests in a sliding window of 60 s. The burst of a token bucket would exceed the limit
//! of such a window, so requests leave evenly spaced: the generic cell rate algorithm (GCRA) with an emission interval
//! of `(60 s + CATCH_UP + JITTER) / budget`. This bounds the requests that arrive in any 60 s to the budget, even if
//! some catch up on up to [`CATCH_UP`] of lost time and arrive up to [`JITTER`] closer together than they left. It
//! costs 0.9 % of the budget.
//!
//! A new pacer assumes that another process used the whole budget until now, including its catch-up. So the first
//! request waits one interval, and the limit also holds when one process takes over from another.

use std::{
    num::NonZeroU32,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::{Instant, sleep_until};

use crate::published::WINDOW;

/// How much lost time the pacer may catch up on. It covers the pause between two chunks of work.
const CATCH_UP: Duration = Duration::from_millis(350);

/// How much closer together two requests may arrive than they left.
const JITTER: Duration = Duration::from_millis(200);

/// A 429 multiplies the pace by this factor: another integration uses the rest of the limit.
const AFTER_THROTTLE: f64 = 0.7;

/// The lowest pace, as a share of the budget: requests never stop.
const SLOWEST: f64 = 0.05;

/// The pace is raised by one step at most this often, to find out whether the limit is free again.
const RAISE_AFTER: Duration = Duration::from_secs(10);

/// One step, as a share of the budget.
const RAISE_BY: f64 = 0.05;

/// Permission to send one request now. Only [`Pacer::slot`] creates one, and every attempt uses one up.
#[derive(Debug)]
#[must_use = "an unused slot is lost to the brand's budget"]
pub struct Slot(());

/// Spaces the requests of one brand. Everything in a process that talks to the brand shares it.
#[derive(Debug)]
pub struct Pacer {
    pace: Mutex<Pace>,
}

impl Pacer {
    /// Creates a pacer for a budget in requests a minute.
    pub fn new(budget: NonZeroU32) -> Self {
        Self { pace: Mutex::new(Pace::new(budget, Instant::now())) }
    }

    /// Waits until the next request may leave. A slot is taken when the wait starts: a wait that is dropped wastes it.
    pub async fn slot(&self) -> Slot {
        loop {
            let slot = self.with(|pace| pace.reserve(Instant::now()));
            sleep_until(slot).await;
            // A 429 that arrived meanwhile also holds back the requests that already had a slot.
            if self.with(|pace| pace.held_until <= Instant::now()) {
                return Slot(());
            }
        }
    }

    /// Returns when the next request could leave.
    pub fn next_slot(&self) -> Instant {
        self.with(|pace| pace.next_slot(Instant::now()))
    }

    /// Records that a request leaves only now, later than its slot. The next request keeps its distance from it.
    pub(crate) fn left(&self) {
        self.with(|pace| pace.left(Instant::now()));
    }

    /// Records a 429: no request leaves for `wait`, and then the pace is lower.
    pub fn throttled(&self, wait: Duration) {
        self.with(|pace| pace.throttled(Instant::now(), wait));
    }

    /// Returns the current pace, in requests a minute.
    pub fn per_minute(&self) -> f64 {
        self.with(|pace| pace.budget * pace.share)
    }

    fn with<T>(&self, act: impl FnOnce(&mut Pace) -> T) -> T {
        // A panic under the lock cannot leave these few numbers in an invalid state.
        let mut pace = self.pace.lock().unwrap_or_else(PoisonError::into_inner);
        act(&mut pace)
    }
}

/// The algorithm: pure, with the time passed in.
#[derive(Debug, Clone)]
struct Pace {
    /// The most requests a minute.
    budget: f64,
    /// The share of the budget that seems to be free, from [`SLOWEST`] to 1.
    share: f64,
    /// When the share last changed.
    changed: Instant,
    /// GCRA's theoretical arrival time: when the next request is due if none is early.
    due: Instant,
    /// No request leaves before this time.
    held_until: Instant,
}

impl Pace {
    fn new(budget: NonZeroU32, now: Instant) -> Self {
        let mut pace =
            Self { budget: budget.get().into(), share: 1.0, changed: now, due: now, held_until: now };
        pace.due = now + pace.interval() + CATCH_UP;
        pace
    }

    /// Returns the time between two requests at the current pace.
    fn interval(&self) -> Duration {
        (WINDOW + CATCH_UP + JITTER).div_f64(self.budget * self.share)
    }

    fn next_slot(&self, now: Instant) -> Instant {
        let early = self.due.checked_sub(CATCH_UP).unwrap_or(now);
        early.max(self.held_until).max(now)
    }

    /// Takes the next slot and returns its time.
    fn reserve(&mut self, now: Instant) -> Instant {
        self.raise(now);
        let slot = self.next_slot(now);
        self.due = self.due.max(slot) + self.interval();
        slot
    }

    fn left(&mut self, now: Instant) {
        self.due = self.due.max(now + self.interval());
    }

    fn raise(&mut self, now: Instant) {
        if self.share < 1.0 && now >= self.changed + RAISE_AFTER {
            self.share = (self.share + RAISE_BY).min(1.0);
            self.changed = now;
        }
    }

    fn throttled(&mut self, now: Instant, wait: Duration) {
        // Requests that are in flight together are refused together: they count as one 429.
        if now >= self.held_until {
            self.share = (self.share * AFTER_THROTTLE).max(SLOWEST);
        }
        self.held_until = self.held_until.max(now + wait);
        self.due = self.due.max(self.held_until + CATCH_UP);
        self.changed = self.held_until;
    }
}

#[cfg(test)]
mod tests;
