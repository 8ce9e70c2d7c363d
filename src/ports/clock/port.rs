//! The port of the clock.

use std::fmt;

use jiff::Timestamp;

/// A source of wall time.
pub trait Clock: fmt::Debug + Send + Sync {
    /// Returns the current time.
    fn now(&self) -> Timestamp;
}
