//! Why an object could not be read or written.

use std::{error::Error, fmt};

use crate::keys::Location;

type Source = Box<dyn Error + Send + Sync>;

/// An action on an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    Read,
    Write,
    List,
    Delete,
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::List => "list",
            Self::Delete => "delete",
        })
    }
}

/// Why an object could not be read or written. Each error names the object.
#[derive(Debug, thiserror::Error)]
pub enum ObjectError {
    #[error("{at}: not found")]
    NotFound { at: Location },
    /// A put-if-absent found another object at the key.
    #[error("{at}: already exists")]
    AlreadyExists { at: Location },
    /// The pinned version was deleted or replaced.
    #[error("{at}: changed while it was read; run the export again to take the new version")]
    Changed { at: Location },
    /// The store cannot have an object with this key.
    #[error("{at}: not a key of this store: {reason}")]
    InvalidKey { at: Location, reason: &'static str },
    /// The store denied access.
    #[error("{at}: access denied; the role or user needs permission to {action} it: {source}")]
    Denied {
        at: Location,
        action: Action,
        #[source]
        source: Source,
    },
    /// Any other failure of the disk, the network or the store.
    #[error("{at}: could not {action} it: {source}")]
    Store {
        at: Location,
        action: Action,
        #[source]
        source: Source,
    },
}

/// A failure as an adapter classifies it, without the object and the action.
#[derive(Debug)]
pub(super) enum Defect {
    NotFound,
    AlreadyExists,
    #[cfg(feature = "aws")]
    Changed,
    InvalidKey(&'static str),
    Denied(Source),
    Store(Source),
}

impl Defect {
    pub(super) fn of(self, at: &Location, action: Action) -> ObjectError {
        let at = at.clone();
        match self {
            Self::NotFound => ObjectError::NotFound { at },
            Self::AlreadyExists => ObjectError::AlreadyExists { at },
            #[cfg(feature = "aws")]
            Self::Changed => ObjectError::Changed { at },
            Self::InvalidKey(reason) => ObjectError::InvalidKey { at, reason },
            Self::Denied(source) => ObjectError::Denied { at, action, source },
            Self::Store(source) => ObjectError::Store { at, action, source },
        }
    }
}
