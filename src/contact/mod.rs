//! Rows to contacts: mapping, normalisation and what a contact looks like on the wire. Pure.

mod cells;
mod columns;
mod consent;
mod field;
mod hash;
mod mapper;
mod mapping;
mod mask;
mod names;
mod normalise;
mod prepared;
mod program;
mod takes;
mod warnings;
mod wire;

pub(crate) use self::mask::mask_contact;
pub use self::{
    columns::Columns,
    consent::{
        Channel, ChannelConsent, Channels, Consent, ConsentMapping, DateFormat, InvalidFormat, Proof, Said,
        Statement, Status, decide, latest_opt_out,
    },
    field::Field,
    hash::ContactHash,
    mapper::{Invalid, Mapper},
    mapping::{Decimal, Kind, Mapped, Mapping, OnEmpty, OnInvalid, Property, Source},
    names::{InvalidText, PropertyName, Tag},
    normalise::{Flaw, check_format, is_region},
    prepared::{EmailKey, Prepared, Value},
    program::{ProgramError, Programs, check_expression, check_template},
    warnings::Warnings,
    wire::Identifier,
};
#[cfg(feature = "cli")]
pub(crate) use self::{mask::masked, normalise::country_code};
