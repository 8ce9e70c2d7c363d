//! The snapshot of an export: the members that it sent to Omnisend, with the hash, tags and consent that were last sent
//! for each.
//!
//! It is two objects: a list of members, which is sorted by the hash of their addresses and read as a stream
//! ([`Members`]), and a small object that names the current list ([`Snapshot`]). Only a settled run replaces them.

mod current;
mod kept;
mod list;
mod member;
mod translation;

pub use self::{
    current::{ListName, Snapshot},
    kept::Kept,
    list::{Members, MembersWriter},
    member::Member,
    translation::{Translation, united},
};
