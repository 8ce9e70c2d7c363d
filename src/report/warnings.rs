//! Cells that were left out because they do not fit their field.

use std::cmp::Reverse;

use super::sanitize::sanitize;
use crate::run::Report;

/// Cells of one field that were left out for the same reason. Their contacts were sent without them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Warning {
    pub field: String,
    pub reason: String,
    pub count: u64,
}

/// Returns the cells that were left out, most frequent first.
pub(super) fn warnings(report: &Report) -> Vec<Warning> {
    let mut warnings = Vec::new();
    for (field, reasons) in &report.warnings {
        for (reason, count) in reasons {
            warnings.push(Warning { field: sanitize(field), reason: sanitize(reason), count: *count });
        }
    }
    warnings.sort_by_key(|warning| Reverse(warning.count));
    warnings
}
