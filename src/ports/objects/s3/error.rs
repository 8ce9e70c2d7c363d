//! What S3 says, as errors of the store. Codes and statuses are those of "Error responses" in the S3 API reference.

use super::{Action, ObjectError};
use crate::{keys::Location, ports::aws::failure::Failure};

/// A bucket that is not there: it is no missing object, which would be fine in many a place.
#[derive(Debug, thiserror::Error)]
#[error("there is no such bucket; check its name, and that it was not deleted")]
struct NoBucket(#[source] Failure);

/// An answer without what S3 always says.
#[derive(Debug, thiserror::Error)]
#[error("the store's answer lacks a size, a time or an ETag; it does not answer as S3 does")]
struct Incomplete;

/// The error of the store that a failed call is.
pub(super) fn object_error(at: &Location, action: Action, failure: Failure) -> ObjectError {
    let (at, verb) = (at.clone(), action.verb());
    match (failure.status(), failure.code()) {
        (_, Some("NoSuchBucket")) => {
            ObjectError::Store { at, action: verb, source: NoBucket(failure).into() }
        }
        (_, Some("KeyTooLongError")) => {
            ObjectError::InvalidKey { at, reason: "it is longer than the 1,024 bytes that S3 allows" }
        }
        // A HEAD's 404 has no code.
        (_, Some("NoSuchKey" | "NoSuchVersion")) | (Some(404), None | Some("NotFound")) => {
            ObjectError::NotFound { at }
        }
        (Some(412), _) if action == Action::Write => ObjectError::AlreadyExists { at },
        (Some(412), _) => ObjectError::Changed { at },
        _ if failure.is_denied() => ObjectError::Denied { at, action: verb, source: failure.into() },
        _ => ObjectError::Store { at, action: verb, source: failure.into() },
    }
}

/// The error of reading one exact version: of that, all that is not there was changed.
pub(super) fn version_error(at: &Location, failure: Failure) -> ObjectError {
    // 405: the version is a delete marker.
    if failure.status() == Some(405) {
        return ObjectError::Changed { at: at.clone() };
    }
    match object_error(at, Action::Read, failure) {
        ObjectError::NotFound { at } => ObjectError::Changed { at },
        other => other,
    }
}

/// The error of an answer that lacks something.
pub(super) fn incomplete(at: &Location, action: Action) -> ObjectError {
    store(at, action, Incomplete)
}

/// An error of the store that no answer said.
pub(super) fn store(
    at: &Location,
    action: Action,
    source: impl std::error::Error + Send + Sync + 'static,
) -> ObjectError {
    ObjectError::Store { at: at.clone(), action: action.verb(), source: source.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at() -> Location {
        Location::parse("s3://lake/vip.csv")
    }

    fn says(action: Action, status: u16, code: Option<&str>, text: &str) -> String {
        object_error(&at(), action, Failure::answered(status, code, text)).to_string()
    }

    #[test]
    fn a_missing_object_is_not_a_missing_bucket() {
        assert_eq!(says(Action::Read, 404, None, ""), "s3://lake/vip.csv: not found");
        assert_eq!(says(Action::Read, 404, Some("NoSuchKey"), ""), "s3://lake/vip.csv: not found");
        let said = "s3://lake/vip.csv: could not list it: there is no such bucket; check its name, and that it was not \
                    deleted";
        assert_eq!(says(Action::List, 404, Some("NoSuchBucket"), ""), said);
    }

    #[test]
    fn a_refusal_names_the_permission_and_keeps_what_s3_said() {
        let refused = Failure::answered(403, Some("AccessDenied"), "no s3:PutObject");
        let error = object_error(&at(), Action::Write, refused);
        let said = "s3://lake/vip.csv: access denied; the role or user needs permission to write it: AccessDenied: no \
                    s3:PutObject (status 403)";
        assert_eq!(error.to_string(), said);
        let said = "s3://lake/vip.csv: could not write it: ExpiredToken: it has expired (status 400)";
        assert_eq!(says(Action::Write, 400, Some("ExpiredToken"), "it has expired"), said);
    }

    #[test]
    fn a_condition_that_fails_is_what_the_action_makes_of_it() {
        assert_eq!(
            says(Action::Write, 412, Some("PreconditionFailed"), ""),
            "s3://lake/vip.csv: already exists"
        );
        assert!(
            says(Action::Read, 412, None, "").starts_with("s3://lake/vip.csv: changed while it was read")
        );
        // A conflict is not an answer to the question.
        let conflict = says(Action::Write, 409, Some("ConditionalRequestConflict"), "");
        assert!(conflict.contains("could not write it"), "{conflict}");
    }

    #[test]
    fn a_version_that_is_gone_was_changed() {
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
