//! Turns rows into chunks: the synchronous part of a plan. It runs on a blocking thread and hands each finished object
//! to the async side.
//!
//! Passes over the source: the files of a single segment are read once. With several segments, the files of every
//! segment but the first are read twice: the first pass finds the contacts that are in several segments, so that each
//! is written once, with all of its tags. The snapshot's list of members is read once, and a second time if members
//! lose tags, because their addresses are not kept in memory. Finished chunks are read again, and rewritten, only if a
//! later row opts out.
//!
//! Memory: apart from a few buffers and objects of fixed size, a plan keeps
//!
//! - 14 bytes on average for each distinct address in the source that the snapshot does not have,
//! - 15 to 18 bytes for each member of the snapshot, by the number of tags, and 17 bytes more if the export maps consent,
//! - 56 to 112 bytes for each distinct address of the segments after the first,
//! - 38 to 76 bytes for each address with an opt-out that is not in a contact yet,
//! - 16 bytes for each contact of an unsettled run, until the first row is read.

mod ahead;
mod contacts;
mod corrections;
mod error;
mod input;
mod output;
mod rejected;
mod removals;
mod rows;

pub use self::error::PrepareError;
#[cfg(feature = "cli")]
pub(super) use self::rejected::bad_row_reason;
pub(super) use self::{
    error::FileError,
    input::{Input, People, Removing, Rules},
    output::{Finished, FirstContact, Sink},
    rows::{Prepared, prepare},
};
