//! Checks that Omnisend ends up as a simple model predicts, whatever happens to an export.
//!
//! A seed generates a sequence of operations: drops, schedules, calls, changes of the export, contacts that Omnisend
//! rejects, edits by other clients, and processes that are killed at any write or request. Each sequence runs in its
//! own world, over real HTTP against the sandbox. After every settled run the sandbox must have exactly the model's
//! contacts. A sequence that fails is shrunk and printed.
//!
//! `MODEL_SEEDS=20000` runs more seeds than the default 1,000; `MODEL_SEED=17` runs one seed.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, in its helpers too"
)]

mod brand;
mod clock;
mod compare;
mod config;
mod consent;
mod gate;
mod memory;
mod model;
mod omnisend;
mod operations;
mod process;
mod seeds;
mod stories;
mod tally;
mod world;
