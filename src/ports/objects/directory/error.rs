//! Maps failures of the file system to errors of the store.

use std::io;

use crate::{
    keys::Location,
    ports::objects::error::{Action, Defect, ObjectError},
};

/// A full disk. The system's own message does not say what to do.
#[derive(Debug, thiserror::Error)]
#[error("the disk or the user's quota is full; free some space and run it again")]
struct Full(#[source] io::Error);

pub(super) fn object_error(at: &Location, action: Action, error: io::Error) -> ObjectError {
    use io::ErrorKind as Kind;

    let defect = match (error.kind(), action) {
        (Kind::AlreadyExists, Action::Write) => Defect::AlreadyExists,
        (Kind::IsADirectory, Action::Write) => {
            Defect::InvalidKey("a folder has that name, and a file cannot have it too")
        }
        (Kind::NotADirectory, Action::Write) => {
            Defect::InvalidKey("a file has the name of one of its folders")
        }
        // A write fails with `NotFound` if its folder was removed meanwhile, which is not a missing object.
        (
            Kind::NotFound | Kind::IsADirectory | Kind::NotADirectory,
            Action::Read | Action::List | Action::Delete,
        ) => Defect::NotFound,
        (Kind::InvalidFilename, _) => Defect::InvalidKey("it is longer than the file system allows"),
        (Kind::PermissionDenied | Kind::ReadOnlyFilesystem, _) => Defect::Denied(error.into()),
        (Kind::StorageFull | Kind::QuotaExceeded, _) => Defect::Store(Full(error).into()),
        _ => Defect::Store(error.into()),
    };
    defect.of(at, action)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(action: Action, kind: io::ErrorKind) -> String {
        object_error(&Location::state("runs/a".to_owned()), action, kind.into()).to_string()
    }

    #[test]
    fn the_error_for_a_full_disk_says_what_to_do() {
        for kind in [io::ErrorKind::StorageFull, io::ErrorKind::QuotaExceeded] {
            assert_eq!(
                message(Action::Write, kind),
                "runs/a: could not write it: the disk or the user's quota is full; free some space and run \
                 it again"
            );
        }
    }

    #[test]
    fn the_error_for_denied_access_names_the_permission_and_keeps_the_systems_message() {
        for kind in [io::ErrorKind::PermissionDenied, io::ErrorKind::ReadOnlyFilesystem] {
            let error = object_error(&Location::state("runs/a".to_owned()), Action::List, kind.into());
            let message = io::Error::from(kind);
            assert_eq!(
                error.to_string(),
                format!("runs/a: access denied; the role or user needs permission to list it: {message}")
            );
        }
    }

    #[test]
    fn a_folder_is_not_an_object() {
        for kind in [io::ErrorKind::IsADirectory, io::ErrorKind::NotADirectory, io::ErrorKind::NotFound] {
            assert_eq!(message(Action::Read, kind), "runs/a: not found");
        }
        assert!(
            message(Action::Write, io::ErrorKind::IsADirectory)
                .starts_with("runs/a: not a key of this store")
        );
        assert!(
            message(Action::Write, io::ErrorKind::NotADirectory)
                .starts_with("runs/a: not a key of this store")
        );
        assert!(message(Action::Write, io::ErrorKind::NotFound).starts_with("runs/a: could not write it"));
    }
}
