//! A batch that is not settled yet.

use crate::run::{Batch, TagWay};

/// A batch that is not settled yet.
#[derive(Debug, Clone)]
pub(super) struct Pending {
    pub chunk: u32,
    pub batch: Batch,
    /// How its contacts get their tags.
    pub tags: TagWay,
    /// Whether the batch repeats contacts of a batch that Omnisend stopped.
    pub repetition: bool,
}
