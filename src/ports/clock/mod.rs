//! The clock: wall time. Waiting is tokio's own, which a test pauses.

use std::fmt;

use jiff::Timestamp;

/// What time it is.
pub trait Clock: fmt::Debug + Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;
}
