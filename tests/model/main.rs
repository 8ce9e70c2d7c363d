//! Whatever happens to an export, Omnisend ends as a simple model says.
//!
//! A seed is a sequence of operations: drops, schedules, calls, changes of the export, contacts that Omnisend refuses,
//! other people's changes in Omnisend, processes that are killed at any write or request. Each runs in a world of
//! its own, over real HTTP against the sandbox, and after every run that is settled the sandbox holds exactly what the
//! model holds. A sequence that does not is shrunk and printed.
//!
//! `MODEL_SEEDS=20000` takes more seeds than the usual 1,000, and `MODEL_SEED=17` takes one.
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
