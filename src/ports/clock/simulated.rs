//! A clock for tests.

use jiff::Timestamp;
use tokio::time::Instant;

use super::port::Clock;

/// A clock that starts at a given time and then runs like tokio's: paused with it, and advanced by a test.
#[derive(Debug, Clone, Copy)]
pub struct SimulatedClock {
    start: Timestamp,
    started: Instant,
}

impl SimulatedClock {
    /// Creates a clock that shows `at` now.
    pub fn starting(at: Timestamp) -> Self {
        Self { start: at, started: Instant::now() }
    }
}

impl Clock for SimulatedClock {
    /// Stops at the end of the year 9999, the last time that a timestamp can hold.
    fn now(&self) -> Timestamp {
        self.start.checked_add(self.started.elapsed()).unwrap_or(Timestamp::MAX)
    }
}
