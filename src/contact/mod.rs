//! Rows to contacts: which column goes where, and what a cell becomes. Pure: no clock, no network, no files.

mod consent;
mod mapper;
mod mapping;
mod normalise;
mod prepared;
mod takes;

pub use consent::{
    Channel, ChannelConsent, Channels, Consent, ConsentMapping, DateFormat, InvalidFormat, Proof, Said,
    Statement, Status, decide, latest_opt_out,
};
pub use mapper::{Invalid, Mapper, Warnings};
pub use mapping::{Field, InvalidText, Mapping, Property, PropertyKind, PropertyName, Tag};
pub use prepared::{EmailKey, Identifier, Prepared, Value};
