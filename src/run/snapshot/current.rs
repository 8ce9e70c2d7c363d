//! The object that names the current list of members.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    contact::{Mapping, Tag},
    keys::{ExportName, Key, RunId, RunRef},
};

/// What names an export's list of members: `snapshots/<export>/current.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The version of this shape.
    pub version: u32,
    /// The run that settled it.
    pub run: RunId,
    /// When.
    pub settled_at: Timestamp,
    /// How rows became contacts then: after a change of it, what was sent before says nothing of what is to be sent.
    pub mapping: Mapping,
    /// The tags that members have from us; their sets are places in this list.
    pub tags: Vec<Tag>,
    /// How many contacts the newest drop of each segment had, by its tag. Not all of them need be members: those that
    /// Omnisend refused are none.
    pub contacts: BTreeMap<Tag, u64>,
    /// The list of members.
    pub list: ListName,
    /// How many it holds.
    pub members: u64,
    /// The list before, which a plan that began earlier may still read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<ListName>,
}

impl Snapshot {
    /// The version that is written.
    pub const VERSION: u32 = 1;
}

/// Which list of members.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListName {
    /// The run that wrote it.
    pub run: RunId,
    /// How many lists that run had written before: it may be settled again.
    pub n: u32,
}

impl ListName {
    /// Where it lies.
    pub fn key(&self, export: &ExportName) -> Key {
        Key::Members(RunRef { export: export.clone(), run: self.run.clone() }, self.n)
    }
}
