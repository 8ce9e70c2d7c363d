//! The object that names the current list of members.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    contact::{Mapping, Tag},
    keys::{ExportName, Key, RunId, RunRef},
};

/// The object that names an export's current list of members: `snapshots/<export>/current.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The version of this format.
    pub version: u32,
    /// The settled run that wrote it.
    pub run: RunId,
    pub settled_at: Timestamp,
    /// The mapping of the members' hashes. If the export's mapping has changed since, the hashes cannot be compared.
    pub mapping: Mapping,
    /// The tags that the members' tag sets refer to.
    pub tags: Vec<Tag>,
    /// How many contacts the newest drop of each segment had, by the segment's tag. Rejected contacts are counted here, but
    /// are not members.
    pub contacts: BTreeMap<Tag, u64>,
    pub list: ListName,
    /// How many members the list has.
    pub members: u64,
    /// The list before this one, which a plan that started earlier may still be reading.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<ListName>,
}

impl Snapshot {
    /// The version that this program writes.
    pub const VERSION: u32 = 1;
}

/// The name of a list of members.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListName {
    /// The run that wrote it.
    pub run: RunId,
    /// How many lists the run had written before: a run can be settled more than once.
    pub n: u32,
}

impl ListName {
    pub fn key(&self, export: &ExportName) -> Key {
        Key::Members(RunRef { export: export.clone(), run: self.run.clone() }, self.n)
    }
}
