//! Why a row is invalid.

use super::{consent::InvalidConsent, invalid_cell::InvalidCell};

/// Why a row is invalid: it makes no contact.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRow {
    #[error("the email cell is empty")]
    NoEmail,
    #[error("{}", InvalidCell::Email)]
    Email,
    /// A cell does not fit its field, and the export rejects such rows.
    #[error("{field}: {reason}")]
    Cell {
        /// The field as an export names it: `birthdate` or `custom_properties.loyalty_tier`.
        field: String,
        reason: InvalidCell,
    },
    /// A consent cell is not understood, and the export rejects such rows.
    #[error(transparent)]
    Consent(#[from] InvalidConsent),
    /// The filter fails on the row, or its result is neither true nor false.
    #[error(
        "`where` did not evaluate to true or false for this row; `float` and `int` fail on non-numeric text, and \
         `float(0)` turns it into 0"
    )]
    Filter,
}
