//! Omnisend's API: a client that keeps to a connection's pace, and says of every failure what it means.
//!
//! Facts are those of Omnisend's published documents of version 2026-03-15; where they are silent, either
//! answer is safe.

mod client;
mod error;
mod key;
mod pacer;
mod problem;
mod wire;

pub use client::{Client, Patience, Usage};
pub use error::{CallError, Permanent};
pub use pacer::{Pacer, Slot};
pub use problem::{FieldError, Problem};
pub use wire::{
    BatchItem, BatchItems, BatchStatus, Brand, Contact, Posted, Segment, SegmentPage, batch_body,
    batch_body_overhead,
};

/// The API's version, sent with every request. A retired one is answered with 410.
pub const VERSION: &str = "2026-03-15";

/// The most bytes in one `POST /batches`: under the published 1 MB.
pub const MAX_BATCH_BYTES: usize = 950_000;

/// The most batches, or segments, that a listing shows at a time.
pub const MAX_LISTED: usize = 250;

/// The most contacts that one request to `/contacts/tags` names.
pub const MAX_TAGGED: usize = 250;
