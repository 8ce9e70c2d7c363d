//! Why a list of files cannot be read.

/// Why a list of files cannot be read. Nothing of its drop is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unreadable(String);

impl Unreadable {
    pub(super) fn because(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}
