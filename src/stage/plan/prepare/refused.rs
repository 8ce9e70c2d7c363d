//! A row that becomes no contact, and why.

use crate::{
    config::where_to_set,
    contact::{Columns, InvalidRow},
    run::{Place, RefusedLine, TagSet},
    source::{BadRow, Row},
};

/// A row, and where it stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spot<'r> {
    pub at: Place,
    /// The tags that a contact of it gets.
    pub tag: TagSet,
    pub row: &'r Row,
    /// Where the mapping's columns are in it.
    pub columns: &'r Columns,
}

impl Spot<'_> {
    /// The row as one that is no contact. Its cells come along, so that it can be corrected.
    pub(super) fn invalid(&self, code: &str, reason: String, email: &str) -> RefusedLine {
        RefusedLine {
            at: self.at,
            outcome: "invalid".to_owned(),
            code: code.to_owned(),
            reason,
            email: email.to_owned(),
            tags: self.tag,
            cells: self.columns.cells(self.row),
        }
    }

    /// The row as one whose contact an earlier row gave. It is not to come back: it would take that one's place.
    pub(super) fn duplicate(&self, email: &str) -> RefusedLine {
        RefusedLine {
            at: self.at,
            outcome: "duplicate".to_owned(),
            code: "duplicate".to_owned(),
            reason: "an earlier row has this e-mail; the first one was taken".to_owned(),
            email: email.to_owned(),
            tags: TagSet::default(),
            cells: Vec::new(),
        }
    }
}

/// Returns why a row cannot be read, and where to set the option that would change this.
pub(in crate::stage::plan) fn bad_row_reason(bad: BadRow) -> String {
    format!("{bad}{}", where_to_set(bad.setting()))
}

/// Returns the code of a row that cannot be read, as rejects have it.
pub(super) fn bad_row_code(bad: BadRow) -> &'static str {
    match bad {
        BadRow::Ragged { .. } | BadRow::BackslashSplit { .. } => "ragged_row",
        BadRow::AfterQuote => "after_quote",
        BadRow::Nul => "nul_byte",
        BadRow::Encoding => "encoding",
        BadRow::Json => "json",
        BadRow::NotObject => "not_an_object",
    }
}

impl InvalidRow {
    pub(super) fn code(&self) -> String {
        match self {
            Self::NoEmail => "no_email".to_owned(),
            Self::Email => "invalid_email".to_owned(),
            Self::Cell { field, .. } => format!("invalid_{field}"),
            Self::Consent(invalid) => format!("invalid_{}", invalid.name()),
            Self::Filter => "filter_failed".to_owned(),
        }
    }
}
