//! Rows to contacts: which column goes where, and what a cell becomes. Pure: no clock, no network, no files.

mod mapper;
mod mapping;
mod normalise;
mod prepared;

pub use mapper::{Invalid, Mapper, Warnings};
pub use mapping::{Field, InvalidText, Mapping, Property, PropertyKind, PropertyName, Tag};
pub use prepared::{EmailKey, Prepared, Value};
