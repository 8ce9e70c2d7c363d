//! Rows to contacts: which column goes where, and what a cell becomes. Pure: no clock, no network, no files.

mod mapping;

pub use mapping::{Field, InvalidText, Mapping, Property, PropertyKind, PropertyName, Tag};
