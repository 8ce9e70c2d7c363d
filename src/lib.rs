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
//! - `segment_files`, a crate of its own: segment files to rows
//! - [`contact`]: rows to contacts: mapping and normalisation, pure
//! - [`ports`]: objects, queue, secrets, clock: what a run needs of the world, with its adapters
//! - [`omnisend`]: the API's client, its pacer and its errors, a crate of its own
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
pub mod environment;
pub mod keys;
mod kill_point;
#[cfg(feature = "lambda")]
pub mod lambda;
pub mod ports;
#[cfg(feature = "cli")]
mod propose;
pub mod report;
mod retry;
pub mod run;
#[cfg(feature = "cli")]
pub use omnisend_sandbox as sandbox;
mod scale;
pub mod stage;
pub mod wording;

/// The readers of segment files, as the rooms import them today.
pub(crate) mod source {
    #[cfg(feature = "cli")]
    pub(crate) use segment_files::UNDECODABLE as NO_TEXT;
    pub(crate) use segment_files::*;
    pub(crate) use segment_files::{
        InvalidRow as BadRow, ReadError as SourceError, ReadOptions as Reading, escape_formula as neutral,
    };

    pub(crate) use crate::stage::ObjectFile;

    pub(crate) mod layout {
        pub(crate) use segment_files::layout::*;
        pub(crate) use segment_files::layout::{
            CopiedFiles as Found, CsvFormat as Written, ListError as Unreadable, find_copied as find_below,
        };
    }
}
pub use ::omnisend;
