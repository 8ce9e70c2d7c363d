//! How many cells were left out.

use std::collections::BTreeMap;

/// How many cells were left out, by field and reason.
pub type WarningCounts = BTreeMap<String, BTreeMap<String, u64>>;
