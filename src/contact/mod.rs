//! Rows to contacts: reads a row's cells by the export's mapping, normalises them and writes the contact's JSON. Pure.

mod cells;
mod clean;
mod columns;
mod consent;
mod date_format;
mod email_cells;
mod field;
mod hash;
mod invalid_cell;
mod invalid_row;
mod json;
mod mapper;
mod mapping;
mod mask;
mod normalise;
mod policy;
mod prepared;
mod program;
mod property_and_tag;
mod value;
mod warnings;

pub(crate) use self::mask::mask_contact;
#[cfg(feature = "cli")]
pub(crate) use self::{clean::clean, mask::masked, normalise::country_code};
pub use self::{
    columns::Columns,
    consent::{
        Channel, ChannelConsent, Channels, Consent, ConsentMapping, ConsentStatus, DateFormat,
        InvalidConsent, Proof, Statement, Status, latest_opt_out, status_to_send,
    },
    date_format::{InvalidDateFormat, check_date_format},
    field::Field,
    hash::ContactHash,
    invalid_cell::InvalidCell,
    invalid_row::InvalidRow,
    json::{Identifier, IdentifierKind},
    mapper::Mapper,
    mapping::{Decimal, Kind, Mapped, Mapping, Property, Source},
    normalise::is_region,
    policy::{OnEmpty, OnInvalid},
    prepared::{EmailKey, PreparedContact},
    program::{ProgramError, Programs, check_expression, check_template},
    property_and_tag::{InvalidText, PropertyName, Tag},
    value::Value,
    warnings::{WarningCounts, Warnings},
};
