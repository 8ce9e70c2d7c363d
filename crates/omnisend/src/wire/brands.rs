//! `/brands/current`.

use serde::Deserialize;

/// The brand that an API key belongs to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Brand {
    /// Omnisend's id of the brand.
    #[serde(rename = "brandID")]
    pub brand_id: String,
    /// The brand's name.
    pub name: String,
    /// The address of the brand's shop.
    pub website: String,
}
