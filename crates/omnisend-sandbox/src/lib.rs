//! A stand-in for the [Omnisend API](https://api-docs.omnisend.com/), for tests and demos.
//!
//! A sandbox is a real HTTP server on the loopback interface, as strict as the real service. It applies the published
//! rules of version 2026-03-15, and the strictest reading where they are silent; each module says which is which. It can
//! be told to fail in many ways ([`Fault`]), and keeps everything in memory.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
//! use omnisend_sandbox::{Options, start};
//!
//! let options = Options { requests_per_minute: 60, ..Options::default() };
//! let sandbox = start(options).await?;
//! // Point the client under test at `sandbox.url()`.
//! assert!(sandbox.url().ends_with("/api"));
//! sandbox.stop().await;
//! # Ok(()) }
//! ```
//!
//! | path | what it serves |
//! |---|---|
//! | `/api/…` | the API; [`Options`] sets its limits and the undocumented behaviour |
//! | `/_sandbox/…` | control endpoints for tests: state, received requests, faults, traffic of another integration; they do not count against any limit |
//! | `/` | a page that shows the state to people |
//!
//! Every API key has a brand of its own, with its own contacts and limits, unless [`Options::api_key`] names the only key.
#![warn(missing_docs)]

mod api;
mod connection;
mod contract;
mod control;
mod faults;
mod jobs;
mod options;
mod page;
mod sandbox;
mod shared;
mod state;

pub use faults::{Fault, FaultKind, InvalidFault, Timing};
pub use options::{Options, StatusMode, TagMode};
pub use sandbox::{Sandbox, start};
