//! Proposes an export for a segment file: fields by the names and the values of its columns, and the other columns as
//! custom properties that a person can turn on. Pure, except that it reads the file. Not part of the Lambda.
//!
//! A column's name suggests a field and its values decide: a column `Email` without addresses is not mapped. Consent
//! is never mapped, only pointed out.

mod by_name;
mod by_values;
mod cell;
mod column;
mod consent;
mod date_order;
mod dates;
mod fields;
mod interpretation;
mod meaning;
mod properties;
mod proposal;
mod region;
mod romanise;
mod spellings;
mod survey;
mod toml;
mod write;

pub(crate) use self::{
    column::Column,
    proposal::Proposal,
    romanise::latin,
    survey::Survey,
    toml::quoted,
    write::{FileSettings, Target, write},
};
