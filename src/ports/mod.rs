//! The ports: the outside world as four small traits, each with its adapters. Every adapter passes its trait's contract
//! tests (`tests/ports`).

#[cfg(feature = "aws")]
mod aws;
#[cfg(feature = "aws")]
mod aws_account;
pub mod clock;
pub mod objects;
pub mod queue;
mod relative;
pub mod secrets;

use std::sync::Arc;

#[cfg(feature = "aws")]
pub use self::aws_account::Aws;

/// One adapter for each port.
#[derive(Debug, Clone)]
pub struct Ports {
    /// The state and the segment files.
    pub objects: Arc<dyn objects::Objects>,
    pub queue: Arc<dyn queue::Queue>,
    pub secrets: Arc<dyn secrets::Secrets>,
    pub clock: Arc<dyn clock::Clock>,
}
