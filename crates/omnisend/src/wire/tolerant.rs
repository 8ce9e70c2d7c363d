//! Reads `null` as empty: Omnisend was seen to send it for empty lists and objects.

use serde::{Deserialize, Deserializer};

/// Reads null as the default value.
pub(crate) fn null_as_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// Reads null as an empty list, and leaves out elements that are null.
pub(crate) fn list<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    let values: Option<Vec<Option<T>>> = Option::deserialize(deserializer)?;
    Ok(values.into_iter().flatten().flatten().collect())
}

/// Reads null as an empty list, unlike an answer without the list, which is `None` by `#[serde(default)]`.
pub(crate) fn list_if_present<'de, D, T>(deserializer: D) -> Result<Option<Vec<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    list(deserializer).map(Some)
}
