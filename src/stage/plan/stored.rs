//! The lines of stored objects.

use serde::Deserialize;

use crate::{keys::Key, stage::records::RecordError};

/// Parses a line of an object. The error quotes no values.
pub(super) fn parse<'a, T: Deserialize<'a>>(key: &Key, line: &'a [u8]) -> Result<T, RecordError> {
    serde_json::from_slice(line).map_err(|error| RecordError::damaged(key, &error))
}
