//! Drops: which objects belong to a segment's drop, and which object completes it.

mod claim;
mod error;
mod find;
mod lists;
mod object_names;
mod rejects;
mod resolved_drop;
mod sources;

pub use self::{
    claim::{Claim, claim, claims},
    error::{DropDefect, DropError},
    find::{find_source, find_sources},
    rejects::{Corrections, Rejects, dropped_rejects, rejects_in},
    resolved_drop::{Part, Source},
    sources::{Sources, resolve},
};
