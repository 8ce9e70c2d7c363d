//! Syncs customer segments to Omnisend.
//!
//! A segment file becomes contacts in Omnisend in stages. Each stage takes a value, returns a value, and writes objects
//! that the next stage reads: **plan** reads and maps the file, **upload** posts batches at the connection's pace,
//! **settle** asks Omnisend for the outcome of each batch, and **report** writes the report.
//!
//! The modules, from the bottom up; no module imports one that comes after it:
//!
//! - [`wording`]: numbers, lists and quoted text for messages to people
//! - [`keys`]: names of connections, exports and runs, and the keys of all objects
//! - [`environment`]: the process environment
//! - `kill_point`, `retry_policies`, `test_scale`: steps at which tests kill the process, every retry and wait of the
//!   product, and how tests scale a run down
//! - [`contact`]: rows to contacts: mapping and normalization
//! - [`ports`]: objects, queue, secrets and clock, with their adapters
//! - [`run`]: the records of a run: manifest, receipt, outcome, counts, report
//! - [`config`]: the configuration files: text to validated types
//! - `propose`: proposes an export for a segment file (feature `cli`)
//! - [`report`]: the report for people: HTML and text
//! - [`stage`]: the stages of a run
//! - [`app`]: the life of a run, and all other operations on connections, exports and runs
//! - `lambda`: the Lambda (feature `lambda`)
//! - `cli`: the command line (feature `cli`)
//!
//! The crate `segment-files` reads segment files, and the crate `omnisend` is the client of Omnisend's API.

pub mod app;
#[cfg(feature = "cli")]
pub mod cli;
pub mod config;
pub mod contact;
pub mod environment;
pub mod keys;
mod kill_point;
#[cfg(feature = "lambda")]
pub mod lambda;
pub mod ports;
#[cfg(feature = "cli")]
mod propose;
pub mod report;
mod retry_policies;
pub mod run;
pub mod stage;
mod test_scale;
pub mod wording;
