//! The snapshot of an export: whom Omnisend has from it, as what, and with which of its tags.
//!
//! Two objects: a list of members, sorted by the hash of their address and read as a stream ([`Members`]), and a small
//! one that names the list that counts ([`Snapshot`]). Only a settled run replaces them.

mod kept;
mod list;
mod member;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use self::{
    kept::Kept,
    list::{Members, MembersWriter},
    member::Member,
};
use super::TagSet;
use crate::contact::{Mapping, Tag};
use crate::keys::{ExportName, Key, RunId, RunRef};

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

/// Sets of one list of tags as sets of another.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Translation(Vec<TagSet>);

impl Translation {
    /// From the places of `from` to those of `to`. A tag that `to` has not is left out.
    pub fn new(from: &[Tag], to: &[Tag]) -> Self {
        let place = |tag: &Tag| to.iter().position(|there| there == tag).map(TagSet::of).unwrap_or_default();
        Self(from.iter().map(place).collect())
    }

    /// The same tags in the other list's places.
    pub fn of(&self, tags: TagSet) -> TagSet {
        let each = tags.places().filter_map(|place| self.0.get(place));
        each.fold(TagSet::default(), |all, tag| all.with(*tag))
    }
}

/// A list of tags, and after it those of another list that it has not; as many as a set may have.
pub fn united(first: &[Tag], second: &[Tag]) -> Vec<Tag> {
    let others = second.iter().filter(|tag| !first.contains(tag));
    first.iter().chain(others).take(TagSet::MAX).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_keep_their_tags_in_another_list() {
        let tags = |names: &[&str]| -> Vec<Tag> {
            names.iter().map(|name| Tag::try_from((*name).to_owned()).unwrap()).collect()
        };
        let (old, new) = (tags(&["a", "b", "c"]), tags(&["c", "x", "a"]));
        let all = united(&new, &old);
        assert_eq!(all, tags(&["c", "x", "a", "b"]));
        let translation = Translation::new(&old, &all);
        assert_eq!(translation.of(TagSet(0b111)), TagSet(0b1101));
        assert_eq!(translation.of(TagSet(0b010)), TagSet(0b1000));
        assert_eq!(
            Translation::new(&old, &new).of(TagSet(0b110)),
            TagSet(0b001),
            "what the list has not is left out"
        );
    }
}
