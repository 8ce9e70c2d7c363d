//! The snapshot of an export: whom Omnisend has from it, as what, and with which of its tags.
//!
//! Two objects: a list of members, sorted by the hash of their address and read as a stream ([`Members`]), and a small
//! one that names the list that counts ([`Snapshot`]). Only a settled run replaces them.

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
