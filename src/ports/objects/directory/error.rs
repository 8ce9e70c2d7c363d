//! What the file system says, as errors of the store.

use std::io;

use super::{Action, ObjectError};
use crate::keys::Location;

/// A full disk. The system's own words do not say what to do.
#[derive(Debug, thiserror::Error)]
#[error("the disk or the user's share of it is full; free some space and run it again")]
struct Full(#[source] io::Error);

/// The error of the store that a failure of the file system is.
pub(super) fn object_error(at: &Location, action: Action, error: io::Error) -> ObjectError {
    use io::ErrorKind as Kind;

    let (at, verb) = (at.clone(), action.verb());
    match (error.kind(), action) {
        (Kind::AlreadyExists, Action::Write) => ObjectError::AlreadyExists { at },
        (Kind::IsADirectory, Action::Write) => {
            ObjectError::InvalidKey { at, reason: "a folder has that name, and a file cannot have it too" }
        }
        (Kind::NotADirectory, Action::Write) => {
            ObjectError::InvalidKey { at, reason: "a file has the name of one of its folders" }
        }
        // Not of a write: there it is a folder that went away under it, and no object is missing.
        (
            Kind::NotFound | Kind::IsADirectory | Kind::NotADirectory,
            Action::Read | Action::List | Action::Delete,
        ) => ObjectError::NotFound { at },
        (Kind::InvalidFilename, _) => {
            ObjectError::InvalidKey { at, reason: "it is longer than the file system allows" }
        }
        (Kind::PermissionDenied | Kind::ReadOnlyFilesystem, _) => {
            ObjectError::Denied { at, action: verb, source: error.into() }
        }
        (Kind::StorageFull | Kind::QuotaExceeded, _) => {
            ObjectError::Store { at, action: verb, source: Full(error).into() }
        }
        _ => ObjectError::Store { at, action: verb, source: error.into() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(action: Action, kind: io::ErrorKind) -> String {
        object_error(&Location::state("runs/a".to_owned()), action, kind.into()).to_string()
    }

    #[test]
    fn a_full_disk_is_said_as_that() {
        for kind in [io::ErrorKind::StorageFull, io::ErrorKind::QuotaExceeded] {
            assert_eq!(
                says(Action::Write, kind),
                "runs/a: could not write it: the disk or the user's share of it is full; free some space and run \
                 it again"
            );
        }
    }

    #[test]
    fn a_refusal_names_the_permission_and_keeps_what_the_system_said() {
        for kind in [io::ErrorKind::PermissionDenied, io::ErrorKind::ReadOnlyFilesystem] {
            let error = object_error(&Location::state("runs/a".to_owned()), Action::List, kind.into());
            let said = io::Error::from(kind);
            assert_eq!(
                error.to_string(),
                format!("runs/a: access denied; the role or user needs permission to list it: {said}")
            );
        }
    }

    #[test]
    fn a_folder_is_no_object() {
        for kind in [io::ErrorKind::IsADirectory, io::ErrorKind::NotADirectory, io::ErrorKind::NotFound] {
            assert_eq!(says(Action::Read, kind), "runs/a: not found");
        }
        assert!(
            says(Action::Write, io::ErrorKind::IsADirectory).starts_with("runs/a: not a key of this store")
        );
        assert!(
            says(Action::Write, io::ErrorKind::NotADirectory).starts_with("runs/a: not a key of this store")
        );
        assert!(says(Action::Write, io::ErrorKind::NotFound).starts_with("runs/a: could not write it"));
    }
}
