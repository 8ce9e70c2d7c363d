//! The query parameters of control requests and of the page.

use std::sync::Arc;

use axum::extract::{Query, State as Extracted};
use serde::Deserialize;

use crate::contract::Problem;
use crate::shared::Shared;
use crate::state::State;

/// How a handler receives the sandbox.
pub(crate) type SharedState = Extracted<Arc<Shared>>;
/// How a handler receives the query parameters.
pub(crate) type Parameters = Query<ControlQuery>;

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ControlQuery {
    /// Picks the brand by its API key.
    key: Option<String>,
    /// Picks the brand by its number, from 0.
    brand: usize,
    /// The fault to wait for.
    pub(crate) index: Option<usize>,
    /// How often that fault must have fired; 1 by default.
    pub(crate) fired: Option<u32>,
    /// Whether the state includes every contact; true by default.
    pub(crate) contacts: Option<bool>,
    /// The email address of the contact to delete.
    pub(crate) email: Option<String>,
    /// The text that the email addresses on the page must contain.
    pub(crate) q: String,
}

impl ControlQuery {
    /// Returns the index of the brand that the query picks.
    pub(crate) fn brand(&self, state: &mut State) -> Result<usize, Problem> {
        match &self.key {
            Some(key) => state.brand_of(key).ok_or_else(|| Problem::not_found("key")),
            None => state.brand(self.brand).map(|_| self.brand),
        }
    }
}
