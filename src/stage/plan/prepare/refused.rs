//! A row that becomes no contact, and why.

use crate::{
    contact::{Columns, Invalid},
    run::{Place, RefusedLine, RowOutcome, TagSet},
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
            outcome: RowOutcome::Invalid,
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
            outcome: RowOutcome::Duplicate,
            code: RowOutcome::Duplicate.to_string(),
            reason: "an earlier row has this e-mail; the first one was taken".to_owned(),
            email: email.to_owned(),
            tags: TagSet::default(),
            cells: Vec::new(),
        }
    }
}

impl BadRow {
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::Ragged { .. } | Self::Cut { .. } => "ragged_row",
            Self::AfterQuote => "after_quote",
            Self::Nul => "nul_byte",
            Self::Encoding => "encoding",
            Self::Json => "json",
            Self::NotObject => "not_an_object",
        }
    }
}

impl Invalid {
    pub(super) fn code(&self) -> String {
        match self {
            Self::NoEmail => "no_email".to_owned(),
            Self::Email => "invalid_email".to_owned(),
            Self::Field { field, .. } => format!("invalid_{field}"),
            Self::Consent { cell, .. } => format!("invalid_{cell}"),
            Self::Filter => "filter_failed".to_owned(),
        }
    }
}
