//! `/brands/current`.

use serde::Deserialize;

use super::tolerant::null_as_default;

/// The brand that an API key belongs to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Brand {
    /// Omnisend's id of the brand.
    #[serde(rename = "brandID", deserialize_with = "null_as_default")]
    pub brand_id: String,
    /// The brand's name.
    #[serde(deserialize_with = "null_as_default")]
    pub name: String,
    /// The address of the brand's shop.
    #[serde(deserialize_with = "null_as_default")]
    pub website: String,
}
