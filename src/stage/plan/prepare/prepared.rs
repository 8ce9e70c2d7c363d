//! The result of the preparation.

use std::collections::BTreeMap;

use super::output::Written;
use crate::{
    contact::Channel,
    run::{ByReason, ConsentCounts, Planned, TagSet},
    stage::people::OptOuts,
};

/// What the preparation made of the rows.
#[derive(Debug)]
pub(in crate::stage::plan) struct Prepared {
    pub planned: Planned,
    pub written: Written,
    pub warnings: ByReason,
    pub consent: BTreeMap<Channel, ConsentCounts>,
    /// Opt-outs of later rows, to be put into the chunks.
    pub opt_outs: OptOuts,
    /// Whether reading stopped because the source has more contacts than the export allows.
    pub cut_short: bool,
    /// The number of contacts in the source with each tag.
    pub with_tag: [u64; TagSet::MAX],
    /// The number of contacts in several segments.
    pub overlapping: u64,
    /// Of those, the number whose data differs between segments.
    pub conflicting: u64,
    /// The number of members that lose tags, or would in mode `mirror`.
    pub leaving: u64,
    /// The number of members in each object of removals.
    pub removals: Vec<u32>,
}
