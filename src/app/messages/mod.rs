//! Handles queue messages: each is one step of a run, the upload of a chunk or the settlement.

mod handle;
mod settle;
mod upload;
mod work_off;

pub use self::{handle::Handled, work_off::Ended};
