//! The clock: wall time. Waiting is tokio's own, which a test pauses.

mod simulated;
mod system;

use std::fmt;

use jiff::Timestamp;

pub use self::{simulated::SimulatedClock, system::SystemClock};

/// What time it is.
pub trait Clock: fmt::Debug + Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;
}
