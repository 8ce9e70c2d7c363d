//! Exports customer segments to Omnisend.
//!
//! A segment file becomes contacts in four stages, each a value in and a value out, with a written object
//! between any two: **plan** reads and maps the file, **upload** posts batches at the connection's pace,
//! **settle** asks Omnisend what became of each batch, and the **report** says it.
//!
//! The modules, in reading order:
//!
//! - [`run`]: the words every stage shares: names, keys, manifest, receipt, outcome, counts, report model
//! - [`config`]: connection and export files, and the environment: text to validated types
//! - [`source`]: segment files to rows
//! - [`contact`]: rows to contacts: mapping and normalisation, pure
//! - [`ports`]: objects, queue, secrets, clock: what a run needs of the world, with its adapters
//! - [`omnisend`]: the API's client, its pacer and its errors
//! - [`stage`]: plan, upload, settle
//! - [`report`]: the report for people: HTML and text
//! - [`app`]: the stages composed over one set of ports, driven by messages
//! - `lambda`: events to runs, in AWS (feature `lambda`)
//! - `cli`, `sandbox`: the command line, and the Omnisend stand-in that it carries (feature `cli`)

pub mod app;
#[cfg(feature = "cli")]
pub mod cli;
pub mod config;
pub mod contact;
pub mod keys;
mod kill_point;
#[cfg(feature = "lambda")]
pub mod lambda;
pub mod omnisend;
pub mod ports;
#[cfg(feature = "cli")]
mod propose;
pub mod report;
mod retry;
pub mod run;
#[cfg(feature = "cli")]
pub mod sandbox;
mod scale;
pub mod source;
pub mod stage;
mod text;
