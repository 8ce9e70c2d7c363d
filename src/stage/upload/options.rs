//! How contacts are sent.

use crate::run::TagWay;

/// How contacts are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UploadOptions {
    pub tags: TagWay,
    /// The most contacts in a batch.
    pub batch_contacts: u32,
    /// Requests that were sent for this chunk before its upload. They count as part of the upload.
    pub requests: u64,
}
