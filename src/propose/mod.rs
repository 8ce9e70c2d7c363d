//! A segment file looked at, and an export proposed for it: fields by the names of its columns and by what is in
//! them, the rest as custom properties for a person to take up. Pure but for the file; nothing here reaches the
//! Lambda.
//!
//! A name proposes and the content decides: a column called `Email` that holds no addresses is not mapped. Consent is
//! never proposed, only pointed at.

mod column;
mod consent;
mod dates;
mod fields;
mod judge;
mod look;
mod names;
mod properties;
mod region;
mod romanise;
mod spellings;
mod survey;
mod toml;
mod write;

pub(crate) use self::{
    fields::{Chosen, Fields},
    properties::Proposed,
    romanise::latin,
    survey::Survey,
    toml::quoted,
    write::{Place, Reads, write},
};

/// What is proposed for a file.
#[derive(Debug)]
pub(crate) struct Proposal<'s> {
    /// The fields, and what was not mapped though its name suggested it.
    pub fields: Fields<'s>,
    /// Columns that seem to say what a person agreed to.
    pub consent: Vec<&'s column::Column>,
    /// The rest.
    pub properties: Vec<Proposed<'s>>,
}

impl<'s> Proposal<'s> {
    /// Proposes an export for what was seen of a file.
    pub(crate) fn of(survey: &'s Survey) -> Self {
        let consent: Vec<_> = survey.columns.iter().filter(|column| consent::is_consent(column)).collect();
        let is_left = |column: &&column::Column| !consent.iter().any(|other| other.at == column.at);
        let fields = Fields::choose(survey.columns.iter().filter(is_left));
        let rest = survey.columns.iter().filter(is_left).filter(|column| !fields.uses(column));
        let properties = properties::propose(rest);
        Self { fields, consent, properties }
    }
}
