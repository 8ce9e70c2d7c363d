//! What is proposed for a file.

use super::{
    column::Column,
    consent::is_consent,
    fields::Fields,
    properties::{self, Proposed},
    survey::Survey,
};

/// A proposed export.
#[derive(Debug)]
pub(crate) struct Proposal<'s> {
    /// The fields, and the columns that only seem to be fields.
    pub fields: Fields<'s>,
    /// Columns that seem to contain consent.
    pub consent: Vec<&'s Column>,
    /// The other columns.
    pub properties: Vec<Proposed<'s>>,
}

impl<'s> Proposal<'s> {
    pub(crate) fn of(survey: &'s Survey) -> Self {
        let (consent, other): (Vec<_>, Vec<_>) = survey.columns.iter().partition(|column| is_consent(column));
        let fields = Fields::choose(other.iter().copied());
        let rest = other.into_iter().filter(|column| !fields.uses(column));
        let properties = properties::propose(rest);
        Self { fields, consent, properties }
    }
}
