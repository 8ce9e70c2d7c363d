//! The progress of a stage, for a progress bar or a log. It does not influence the stage.

use std::fmt;

/// A progress notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// A part of the source was read.
    Read {
        /// Bytes read since the last notice.
        bytes: u64,
        /// The size of the source in bytes.
        total: u64,
    },
    /// The plan is written, and sending starts.
    Planned {
        /// All contacts of the run.
        contacts: u64,
        /// The contacts that were already sent, if the run is resumed.
        posted: u64,
    },
    /// Omnisend accepted or refused a request with these contacts.
    Posted { contacts: u64 },
    /// Batches are still in progress at Omnisend.
    Settling {
        /// The number of batches.
        pending: usize,
    },
}

/// Receives the progress.
pub trait Observer: fmt::Debug + Send + Sync {
    fn notice(&self, notice: Notice);
}

/// Ignores the progress.
#[derive(Debug, Clone, Copy, Default)]
pub struct Quiet;

impl Observer for Quiet {
    fn notice(&self, _: Notice) {}
}
