//! What a stage tells while it works, for a progress bar or a log. It changes nothing.

use std::fmt;

/// Something that happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// So many more bytes of the source were read, of so many.
    Read {
        /// Bytes read just now.
        bytes: u64,
        /// The source's size.
        of: u64,
    },
    /// The plan is written, and sending begins.
    Planned {
        /// Contacts to be sent, in all.
        contacts: u64,
        /// Those of them that were sent before, where a run is taken up again.
        posted: u64,
    },
    /// Omnisend took, or refused, so many more contacts.
    Posted {
        /// Contacts.
        contacts: u64,
    },
    /// Omnisend still works on so many batches.
    Settling {
        /// Batches.
        pending: usize,
    },
}

/// Hears what happens.
pub trait Observer: fmt::Debug + Send + Sync {
    /// Something happened.
    fn notice(&self, notice: Notice);
}

/// Hears nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Quiet;

impl Observer for Quiet {
    fn notice(&self, _: Notice) {}
}
