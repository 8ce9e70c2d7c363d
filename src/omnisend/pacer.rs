//! The pace at which a connection's requests leave, so that its limit holds in any window.
//!
//! Omnisend counts a brand's requests in a sliding window of 60 s. A token bucket's burst would break such a
//! window, so requests leave evenly spaced: the generic cell rate algorithm with an emission interval of
//! `(60 s + CATCH_UP + JITTER) / budget`. By its bound, at most `budget` requests arrive in any 60 s, even
//! where some catch up on up to [`CATCH_UP`] of lost time and arrive up to [`JITTER`] closer together than they
//! left. The price is 0.9 % of the budget.
//!
//! A fresh pacer assumes that another process used the whole budget until just now, catching up included: its
//! first request waits one interval, and a handover between processes keeps the window too.

use std::{num::NonZeroU32, sync::Mutex, time::Duration};

use tokio::time::{Instant, sleep_until};

/// Omnisend's window.
const WINDOW: Duration = Duration::from_mins(1);

/// How much lost time may be caught up on: covers the pause between two chunks.
const CATCH_UP: Duration = Duration::from_millis(350);

/// How much closer together requests may arrive than they left.
const JITTER: Duration = Duration::from_millis(200);

/// A 429 leaves this share of the pace: somebody else uses the rest.
const AFTER_THROTTLE: f64 = 0.7;

/// The pace never falls below this share of the budget: a run goes on, if slowly.
const SLOWEST: f64 = 0.05;

/// How long after the last change the pace is raised a step, to find out what is free again.
const RAISE_AFTER: Duration = Duration::from_secs(10);

/// How much a step is, as a share of the budget.
const RAISE_BY: f64 = 0.05;

/// Leave to send one request now. Only [`Pacer::slot`] makes one, and every attempt uses one up.
#[derive(Debug)]
#[must_use = "a slot that is not used is lost to the brand's budget"]
pub struct Slot(());

/// Spaces a connection's requests. Shared by everything that talks to one brand.
#[derive(Debug)]
pub struct Pacer {
    pace: Mutex<Pace>,
}

impl Pacer {
    /// A pacer for a budget of so many requests a minute.
    pub fn new(budget: NonZeroU32) -> Self {
        Self { pace: Mutex::new(Pace::new(budget, Instant::now())) }
    }

    /// Waits until the next request may leave. Every attempt takes a slot, retries included.
    pub async fn slot(&self) -> Slot {
        loop {
            let slot = self.with(|pace| pace.reserve(Instant::now()));
            sleep_until(slot).await;
            // A 429 that came meanwhile holds everything back, those who had their slot already too.
            if self.with(|pace| pace.held_until <= Instant::now()) {
                return Slot(());
            }
        }
    }

    /// When the next request could leave.
    pub fn next_slot(&self) -> Instant {
        self.with(|pace| pace.next_slot(Instant::now()))
    }

    /// A request whose slot was taken before leaves only now: the next one keeps its distance from it.
    pub(super) fn left(&self) {
        self.with(|pace| pace.left(Instant::now()));
    }

    /// A request was answered with 429: nothing leaves for `wait`, and then more slowly.
    pub fn throttled(&self, wait: Duration) {
        self.with(|pace| pace.throttled(Instant::now(), wait));
    }

    /// The pace at present, in requests a minute.
    pub fn per_minute(&self) -> f64 {
        self.with(|pace| pace.budget * pace.share)
    }

    fn with<T>(&self, act: impl FnOnce(&mut Pace) -> T) -> T {
        // A panic while it was held cannot have left three numbers in a state worse than any other.
        let mut pace = self.pace.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        act(&mut pace)
    }
}

/// The algorithm: pure, with the time handed in.
#[derive(Debug, Clone)]
struct Pace {
    /// Requests a minute, at most.
    budget: f64,
    /// The share of the budget that seems to be free, from [`SLOWEST`] to 1.
    share: f64,
    /// When the share last changed.
    changed: Instant,
    /// GCRA's theoretical arrival time: when the next request is due if none is early.
    due: Instant,
    /// Nothing leaves before.
    held_until: Instant,
}

impl Pace {
    fn new(budget: NonZeroU32, now: Instant) -> Self {
        let mut pace =
            Self { budget: budget.get().into(), share: 1.0, changed: now, due: now, held_until: now };
        pace.due = now + pace.interval() + CATCH_UP;
        pace
    }

    /// The time between two requests at the present pace.
    fn interval(&self) -> Duration {
        (WINDOW + CATCH_UP + JITTER).div_f64(self.budget * self.share)
    }

    fn next_slot(&self, now: Instant) -> Instant {
        let early = self.due.checked_sub(CATCH_UP).unwrap_or(now);
        early.max(self.held_until).max(now)
    }

    /// Takes the next slot.
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
        // Requests that were in flight together are refused together: that is one sign, not several.
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
