//! Requests and answers as they are on the wire.

mod batches;
mod contacts;
mod segments;

use serde::Deserialize;

pub(super) use self::{
    batches::BatchList,
    contacts::{ContactList, TagChange},
    segments::{SegmentList, new_segment},
};
pub use self::{
    batches::{BatchItem, BatchItems, BatchStatus, Posted, batch_body, batch_body_overhead},
    contacts::Contact,
    segments::{Segment, SegmentPage},
};

/// The answer to a `GET /brands/current`: which brand a key belongs to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Brand {
    /// Its id.
    #[serde(rename = "brandID")]
    pub brand_id: String,
    /// Its name.
    pub name: String,
    /// Its website.
    pub website: String,
}

/// Where a listing goes on.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Paging {
    cursors: Cursors,
    has_more: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Cursors {
    after: Option<String>,
}

impl Paging {
    /// The cursor of the next page, if there is one.
    fn next(self) -> Option<String> {
        self.cursors.after.filter(|_| self.has_more)
    }
}
