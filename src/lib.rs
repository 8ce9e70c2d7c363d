//! Syncs customer segments to Omnisend.
//!
//! A segment file becomes contacts in stages. Each stage takes a value and returns a value, and writes an object that the
//! next stage reads: **plan** reads and maps the file, **upload** posts batches at the connection's pace, **settle** asks
//! Omnisend for the outcome of each batch, and **report** writes the report.
//!
//! The modules, from the bottom up; no module imports one that comes after it:
//!
//! - [`keys`]: names of connections, exports and runs, and the keys of all objects
//! - [`source`]: segment files to rows
//! - [`contact`]: rows to contacts: mapping and normalization
//! - [`omnisend`]: the client of the API, with its pacer and its errors
//! - [`ports`]: objects, queue, secrets and clock, with their adapters
//! - [`run`]: the records of a run: manifest, receipt, outcome, counts, report
//! - [`config`]: the configuration files and the environment: text to validated types
//! - [`report`]: the report for people: HTML and text
//! - [`stage`]: the stages of a run
//! - [`app`]: a run's life, and everything else that can be done with connections, exports and runs
//! - `lambda`: the Lambda (feature `lambda`)
//! - `cli`, `sandbox`: the command line, and the Omnisend stand-in that it carries (feature `cli`)

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
