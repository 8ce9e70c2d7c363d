//! Rows to chunks: the synchronous part of a plan. It runs on a blocking thread and hands each finished object to the
//! async side.
//!
//! With one segment, its files are read once, each row once. With several, the files of all segments but the first are
//! read a second time, ahead of the others, to find the contacts that are in several segments. If members must lose
//! tags, the snapshot's list of members is read a second time, for their addresses.
//!
//! Memory does not depend on the number of rows, except for what `people` keeps for each distinct address and member:
//! 14 bytes for an address that the snapshot does not have, some 15 bytes for a member (with 17 bytes for consent), 56 to 112 bytes
//! for an address of a segment after the first, and some 60 bytes for an address with a late opt-out.

mod ahead;
mod contacts;
mod corrections;
mod error;
mod input;
mod output;
mod prepared;
mod refused;
mod removals;
mod rows;
mod sink;

pub use self::error::PrepareError;
#[cfg(feature = "cli")]
pub(super) use self::refused::DUPLICATE;
pub(super) use self::{
    error::FileError,
    input::{Input, People, Removing, Rules},
    prepared::Prepared,
    rows::prepare,
    sink::{Finished, Sink},
};
