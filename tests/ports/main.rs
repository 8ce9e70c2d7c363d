//! The contract of each port, run against each of its adapters, and the promises of single adapters.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, in its helpers too"
)]

#[cfg(feature = "aws")]
mod aws;
mod clock;
#[cfg(feature = "aws")]
#[path = "../common/mod.rs"]
mod common;
mod directory;
mod directory_keys;
#[path = "../model/memory.rs"]
mod memory;
mod memory_objects;
mod memory_queue;
mod objects;
mod queue;
mod secrets;
