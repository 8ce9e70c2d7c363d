//! The lines of stored objects.

use std::fmt;

use serde::Deserialize;

use crate::{keys::Key, run::flaw, stage::records::RecordError};

/// Returns the error of an object with a defect.
pub(super) fn damaged(key: &Key, defect: impl fmt::Display) -> RecordError {
    RecordError::Damaged { key: key.to_string(), reason: defect.to_string() }
}

/// Parses a line of an object. The error quotes no values.
pub(super) fn parse<'a, T: Deserialize<'a>>(key: &Key, line: &'a [u8]) -> Result<T, RecordError> {
    serde_json::from_slice(line).map_err(|error| damaged(key, flaw(&error)))
}
