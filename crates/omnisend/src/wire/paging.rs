//! Cursors of listings.

use serde::Deserialize;

use super::tolerant::null_as_default;

/// The part of a page that leads to the next one.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Paging {
    #[serde(deserialize_with = "null_as_default")]
    cursors: Cursors,
    #[serde(deserialize_with = "null_as_default")]
    has_more: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Cursors {
    after: Option<String>,
}

impl Paging {
    /// Returns the next page's cursor, if there is a next page.
    pub(super) fn next(self) -> Option<String> {
        self.cursors.after.filter(|_| self.has_more)
    }
}
