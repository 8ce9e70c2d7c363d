//! Drives the real `bootstrap` through Lambda's runtime API, with local stand-ins for AWS and Omnisend. Nothing inside
//! the process is mocked.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, in its helpers too"
)]

mod actions;
mod brands;
mod buckets;
#[expect(dead_code, reason = "the bench uses more of it")]
#[path = "../common/lambda/mod.rs"]
mod cloud;
mod deadline;
mod drops;
mod duplicates;
mod event_files;
mod failures;
mod guards;
mod kills;
mod logs;
mod markers;
#[path = "../common/moto.rs"]
mod moto;
mod poison;
#[expect(dead_code, reason = "the tests of the ports use more of it")]
#[path = "../common/proxy.rs"]
mod proxy;
mod rejects;
mod roles;
mod schedule;
mod segments;
mod sweep;
#[cfg(all(feature = "kill-points", feature = "test-scale"))]
mod tags;
mod world;
