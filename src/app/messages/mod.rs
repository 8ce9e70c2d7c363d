//! Handles queue messages: each is one step of a run, the upload of a chunk or the settlement.

mod finish;
mod handle;
mod handled;
mod settle;
mod upload;
mod work_off;

pub use self::{handled::Handled, work_off::Ended};
