//! What the loop reads, and by which rules.

use std::sync::Arc;

use jiff::Timestamp;

use super::PrepareError;
use crate::{
    config::Export,
    run::TagSet,
    source::{self, File, Reading, SourceError},
};

/// A file of a segment.
#[derive(Debug, Clone, Copy)]
pub(in crate::stage::plan) struct Input<'f> {
    pub file: &'f dyn File,
    pub reading: &'f Reading,
    /// The segment's tag.
    pub tag: TagSet,
    /// Whether it may have nothing: it is one of several files.
    pub may_be_empty: bool,
}

/// How a run's rows become its contacts.
#[derive(Debug, Clone, Copy)]
pub(in crate::stage::plan) struct Rules<'a> {
    pub export: &'a Export,
    /// When the run was started.
    pub now: Timestamp,
    pub chunk_contacts: u32,
    /// Reading ends above so many contacts.
    pub max_profiles: u64,
    /// Whether the rows are rejects that were corrected.
    pub corrects: bool,
}

/// From whom a run takes tags.
#[derive(Debug)]
pub(in crate::stage::plan) struct Removing {
    /// The tags that it may take.
    pub tags: TagSet,
    /// The snapshot's list of members; none where the run takes no tag, and only counts who would lose one.
    pub list: Option<Arc<dyn File>>,
}

impl Input<'_> {
    /// The file's rows; none where it is a part that has nothing.
    pub(in crate::stage::plan) fn open(
        &self,
        export: &Export,
    ) -> Result<Option<Box<dyn source::Rows>>, PrepareError> {
        let columns = export.mapping().columns();
        let wanted: Vec<&str> = columns.iter().map(String::as_str).collect();
        match source::open(self.file, self.reading, &wanted) {
            // Some producers write a file for each of their workers, also for those that had nothing to write.
            Err(SourceError::Empty) if self.may_be_empty => Ok(None),
            opened => Ok(Some(opened?)),
        }
    }
}
