//! Maps failures of S3 to errors of the store. Codes and statuses are those of "Error responses" in the S3 API reference.

use std::error::Error;

use crate::{
    keys::Location,
    ports::{
        aws::failure::Failure,
        objects::error::{Action, Defect, ObjectError},
    },
};

/// A bucket that does not exist. It differs from a missing object, which often is fine.
#[derive(Debug, thiserror::Error)]
#[error("the bucket does not exist; check its name, and that it was not deleted")]
struct NoBucket(#[source] Failure);

/// An answer that lacks something that S3 always sends.
#[derive(Debug, thiserror::Error)]
#[error("the store's answer lacks a size, a time or an ETag; it does not answer as S3 does")]
struct Incomplete;

pub(super) fn object_error(at: &Location, action: Action, failure: Failure) -> ObjectError {
    let defect = match (failure.status(), failure.code()) {
        (_, Some("NoSuchBucket")) => Defect::Store(NoBucket(failure).into()),
        (_, Some("KeyTooLongError")) => {
            Defect::InvalidKey("it is longer than the 1,024 bytes that S3 allows")
        }
        // The 404 of a HEAD has no code.
        (_, Some("NoSuchKey" | "NoSuchVersion")) | (Some(404), None | Some("NotFound")) => Defect::NotFound,
        (Some(412), _) if action == Action::Write => Defect::AlreadyExists,
        (Some(412), _) => Defect::Changed,
        _ if failure.is_denied() => Defect::Denied(failure.into()),
        _ => Defect::Store(failure.into()),
    };
    defect.of(at, action)
}

/// Returns the error of reading one exact version. A version that no longer exists counts as changed.
pub(super) fn version_error(at: &Location, failure: Failure) -> ObjectError {
    // 405: the version is a delete marker.
    if failure.status() == Some(405) {
        return Defect::Changed.of(at, Action::Read);
    }
    match object_error(at, Action::Read, failure) {
        ObjectError::NotFound { at } => ObjectError::Changed { at },
        other => other,
    }
}

/// Returns the error of an incomplete answer.
pub(super) fn incomplete(at: &Location, action: Action) -> ObjectError {
    store(at, action, Incomplete)
}

pub(super) fn store(
    at: &Location,
    action: Action,
    source: impl Error + Send + Sync + 'static,
) -> ObjectError {
    Defect::Store(source.into()).of(at, action)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at() -> Location {
        Location::parse("s3://lake/vip.csv")
    }

    fn message(action: Action, status: u16, code: Option<&str>, text: &str) -> String {
        object_error(&at(), action, Failure::answered(status, code, text)).to_string()
    }

    #[test]
    fn tells_a_missing_object_from_a_missing_bucket() {
        assert_eq!(message(Action::Read, 404, None, ""), "s3://lake/vip.csv: not found");
        assert_eq!(message(Action::Read, 404, Some("NoSuchKey"), ""), "s3://lake/vip.csv: not found");
        let expected = "s3://lake/vip.csv: could not list it: the bucket does not exist; check its name, and that it was \
                    not deleted";
        assert_eq!(message(Action::List, 404, Some("NoSuchBucket"), ""), expected);
    }

    #[test]
    fn the_error_for_denied_access_names_the_permission_and_keeps_s3s_message() {
        let refused = Failure::answered(403, Some("AccessDenied"), "no s3:PutObject");
        let error = object_error(&at(), Action::Write, refused);
        let expected = "s3://lake/vip.csv: access denied; the role or user needs permission to write it: AccessDenied: no \
                    s3:PutObject (status 403)";
        assert_eq!(error.to_string(), expected);
        let expected = "s3://lake/vip.csv: could not write it: ExpiredToken: it has expired (status 400)";
        assert_eq!(message(Action::Write, 400, Some("ExpiredToken"), "it has expired"), expected);
    }

    #[test]
    fn the_meaning_of_a_failed_condition_depends_on_the_action() {
        assert_eq!(
            message(Action::Write, 412, Some("PreconditionFailed"), ""),
            "s3://lake/vip.csv: already exists"
        );
        assert!(
            message(Action::Read, 412, None, "").starts_with("s3://lake/vip.csv: changed while it was read")
        );
        // A conflict does not tell whether the object exists.
        let conflict = message(Action::Write, 409, Some("ConditionalRequestConflict"), "");
        assert!(conflict.contains("could not write it"), "{conflict}");
    }

    #[test]
    fn a_version_that_does_not_exist_has_changed() {
        for (status, code) in
            [(404, Some("NoSuchVersion")), (404, Some("NoSuchKey")), (405, None), (412, None)]
        {
            let error = version_error(&at(), Failure::answered(status, code, ""));
            assert!(matches!(error, ObjectError::Changed { .. }), "{status} {code:?}");
        }
        let error = version_error(&at(), Failure::answered(404, Some("NoSuchBucket"), ""));
        assert!(matches!(error, ObjectError::Store { .. }), "{error}");
    }
}
