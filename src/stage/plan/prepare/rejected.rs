//! Rows that do not become a contact.

use crate::{
    config::where_to_set,
    contact::{Columns, InvalidRow},
    run::{DUPLICATE_REASON, Place, RejectedLine, RowOutcome, TagSet},
};
use segment_files::{Row, UnreadableRow};

/// A row and its place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spot<'r> {
    pub at: Place,
    /// The tags that the row's contact would get.
    pub tag: TagSet,
    pub row: &'r Row,
    /// The positions of the mapping's columns.
    pub columns: &'r Columns,
}

impl Spot<'_> {
    /// Returns the line of an invalid row, with its cells, so that it can be corrected.
    pub(super) fn invalid(&self, code: &str, reason: String, email: &str) -> RejectedLine {
        RejectedLine {
            at: self.at,
            outcome: RowOutcome::Invalid,
            code: code.to_owned(),
            reason,
            email: email.to_owned(),
            tags: self.tag,
            cells: self.columns.cells(self.row),
        }
    }

    /// Returns the line of a duplicate. It has no cells: a corrected duplicate would overwrite the contact of the
    /// earlier row.
    pub(super) fn duplicate(&self, email: &str) -> RejectedLine {
        RejectedLine {
            at: self.at,
            outcome: RowOutcome::Duplicate,
            code: RowOutcome::Duplicate.to_string(),
            reason: DUPLICATE_REASON.to_owned(),
            email: email.to_owned(),
            tags: TagSet::default(),
            cells: Vec::new(),
        }
    }
}

/// Returns why a row cannot be read, and where to change the setting that may fix it.
pub(in crate::stage::plan) fn bad_row_reason(bad: UnreadableRow) -> String {
    format!("{bad}{}", where_to_set(bad.setting()))
}

/// Returns the code of a row that cannot be read.
pub(super) fn bad_row_code(bad: UnreadableRow) -> &'static str {
    match bad {
        UnreadableRow::Ragged { .. } | UnreadableRow::BackslashSplit { .. } => "ragged_row",
        UnreadableRow::AfterQuote => "after_quote",
        UnreadableRow::Nul => "nul_byte",
        UnreadableRow::Encoding => "encoding",
        UnreadableRow::Json => "json",
        UnreadableRow::NotObject => "not_an_object",
    }
}

/// Returns the code of an invalid row.
pub(super) fn invalid_code(invalid: &InvalidRow) -> String {
    match invalid {
        InvalidRow::NoEmail => "no_email".to_owned(),
        InvalidRow::Email => "invalid_email".to_owned(),
        InvalidRow::Cell { field, .. } => format!("invalid_{field}"),
        InvalidRow::Consent(invalid) => format!("invalid_{}", invalid.name()),
        InvalidRow::Filter => "filter_failed".to_owned(),
    }
}
