//! What was being done to an object when it failed, for the error to say.

/// What was being done to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    Read,
    Write,
    List,
    Delete,
}

impl Action {
    /// The word for it, as in "could not read it".
    pub(super) fn verb(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::List => "list",
            Self::Delete => "delete",
        }
    }
}
