//! What a run needs of the world, as four small traits. Each adapter lies beside its trait, and each trait has
//! one contract suite that every adapter passes.

#[cfg(feature = "aws")]
pub mod aws;
pub mod clock;
pub mod objects;
pub mod queue;
mod relative;
pub mod secrets;

use std::sync::Arc;

/// One set of adapters, which everything shares.
#[derive(Debug, Clone)]
pub struct Ports {
    /// The state and the segment files.
    pub objects: Arc<dyn objects::Objects>,
    /// The messages of runs.
    pub queue: Arc<dyn queue::Queue>,
    /// The API keys.
    pub secrets: Arc<dyn secrets::Secrets>,
    /// Wall time.
    pub clock: Arc<dyn clock::Clock>,
}
