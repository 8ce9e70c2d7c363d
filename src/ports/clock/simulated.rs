//! A clock that starts when it is told to.

use jiff::Timestamp;
use tokio::time::Instant;

use super::Clock;

/// A clock that was set to a time and goes on from there as tokio's does: where that is paused, so is this,
/// and where a test advances it, this advances as much.
#[derive(Debug, Clone, Copy)]
pub struct SimulatedClock {
    start: Timestamp,
    started: Instant,
}

impl SimulatedClock {
    /// A clock that shows `at` now.
    pub fn starting(at: Timestamp) -> Self {
        Self { start: at, started: Instant::now() }
    }
}

impl Clock for SimulatedClock {
    /// Now; at the end of the year 9999 it stands still.
    fn now(&self) -> Timestamp {
        self.start.checked_add(self.started.elapsed()).unwrap_or(Timestamp::MAX)
    }
}
