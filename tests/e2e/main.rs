//! Runs the real binary over real HTTP against the sandbox: a segment file goes in, contacts come out, and the counts
//! add up no matter what goes wrong in between.
//!
//! Tests that kill the process or shorten its waits need the features `kill-points` and `test-scale`.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, in its helpers too"
)]

mod harness;

mod batch_size;
#[cfg(feature = "test-scale")]
mod canary;
#[cfg(feature = "test-scale")]
mod cancel;
mod changes;
mod connection;
mod consent;
mod corpus;
mod drops;
mod dry_run;
mod existing;
mod formats;
mod guards;
mod happy;
mod init;
mod interrupt;
#[cfg(feature = "test-scale")]
mod older_answers;
mod outcomes;
mod refused;
mod rejects;
#[cfg(feature = "test-scale")]
mod segments;
mod source;
#[cfg(feature = "test-scale")]
mod tags;
#[cfg(feature = "test-scale")]
mod throttled;
mod together;
mod usage;

#[cfg(all(feature = "kill-points", feature = "test-scale"))]
mod kill;
#[cfg(all(feature = "kill-points", feature = "test-scale"))]
mod kill_mirror;
#[cfg(feature = "test-scale")]
mod parked;
#[cfg(feature = "test-scale")]
mod plan_limit;
#[cfg(feature = "test-scale")]
mod unanswered;
