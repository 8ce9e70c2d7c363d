//! What the preparation reads, and its rules.

use std::sync::Arc;

use jiff::Timestamp;

use super::error::PrepareError;
use crate::{
    config::Export,
    run::TagSet,
    stage::people::{Ledger, Roster},
};
use segment_files::{self, File, ReadError, ReadOptions};

/// A file of a segment.
#[derive(Debug, Clone, Copy)]
pub(in crate::stage::plan) struct Input<'f> {
    pub file: &'f dyn File,
    pub reading: &'f ReadOptions,
    /// The segment's tag. Empty for corrections whose rows name their tags themselves.
    pub tag: TagSet,
    /// Whether the file may be empty. Only the files of a drop of several files may be.
    pub may_be_empty: bool,
}

/// How the rows of a run become contacts.
#[derive(Debug, Clone, Copy)]
pub(in crate::stage::plan) struct Rules<'a> {
    pub export: &'a Export,
    /// When the run was triggered.
    pub now: Timestamp,
    pub chunk_contacts: u32,
    /// Reading stops when there are more contacts than this.
    pub max_profiles: u64,
    /// Whether the rows are corrected rejects.
    pub corrects: bool,
}

/// What is known about people before the first row is read.
pub(in crate::stage::plan) struct People {
    pub roster: Roster,
    pub ledger: Ledger,
}

/// Which tags a run removes.
#[derive(Debug)]
pub(in crate::stage::plan) struct Removing {
    pub tags: TagSet,
    /// The snapshot's list of members. `None` if the run removes no tags, and only counts the members that would lose
    /// one.
    pub list: Option<Arc<dyn File>>,
}

impl Input<'_> {
    /// Opens the file's rows. Returns `None` for an empty file of a larger drop.
    pub(super) fn open(&self, export: &Export) -> Result<Option<Box<dyn segment_files::Rows>>, PrepareError> {
        let columns = export.mapping().columns();
        let wanted: Vec<&str> = columns.iter().map(String::as_str).collect();
        match segment_files::open(self.file, self.reading, &wanted) {
            // Some producers write a file for every worker, even for workers without rows.
            Err(ReadError::Empty) if self.may_be_empty => Ok(None),
            opened => Ok(Some(opened?)),
        }
    }
}
