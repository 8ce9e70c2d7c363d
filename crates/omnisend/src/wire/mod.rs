//! Requests and answers as they are on the wire.

mod batches;
mod brands;
mod contacts;
mod paging;
mod segments;
mod tolerant;

pub(crate) use self::{
    batches::BatchList,
    contacts::{ContactList, TagChange},
    segments::{SegmentList, new_segment},
};
pub use self::{
    batches::{
        BatchItem, BatchItems, BatchState, BatchStatus, ItemOutcome, Posted, batch_body, batch_body_overhead,
    },
    brands::Brand,
    contacts::Contact,
    segments::{Segment, SegmentPage},
};
