//! The failure of a call to AWS, with the status and the code if AWS answered. Never holds a body.

use std::{error::Error, fmt};

use aws_sdk_s3::{
    error::{ProvideErrorMetadata, SdkError},
    operation::RequestId,
};

/// A failed call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::ports) struct Failure {
    kind: Kind,
    /// The service's name for the error.
    code: Option<String>,
    /// The service's message, or else the innermost cause.
    text: Option<String>,
    /// The id that AWS's support asks for.
    request_id: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// The request was not sent, for example because there are no credentials.
    Unsent,
    /// The request was sent, but no complete answer arrived. It may have been carried out.
    Unanswered,
    /// AWS answered with this HTTP status.
    Answered(u16),
    /// One entry of a batch failed; the request itself succeeded.
    Entry {
        /// Whether the service says that the entry itself is wrong.
        sender_fault: bool,
    },
}

impl Failure {
    /// Returns the failure of a call whose answer broke off.
    pub(in crate::ports) fn broken_off(cause: &(dyn Error + 'static)) -> Self {
        Self { kind: Kind::Unanswered, code: None, text: Some(deepest(cause)), request_id: None }
    }

    /// Returns the failure of a request that could not be built.
    pub(in crate::ports) fn unsent(cause: &(dyn Error + 'static)) -> Self {
        Self { kind: Kind::Unsent, ..Self::broken_off(cause) }
    }

    /// Returns the failure of one entry of a batch.
    pub(in crate::ports) fn of_entry(code: &str, text: Option<&str>, sender_fault: bool) -> Self {
        let (code, text) = (Some(code.to_owned()), text.map(str::to_owned));
        Self { kind: Kind::Entry { sender_fault }, code, text, request_id: None }
    }

    /// Returns the HTTP status, if AWS answered.
    pub(in crate::ports) fn status(&self) -> Option<u16> {
        match self.kind {
            Kind::Answered(status) => Some(status),
            Kind::Unsent | Kind::Unanswered | Kind::Entry { .. } => None,
        }
    }

    /// Returns the service's name for the error.
    pub(in crate::ports) fn code(&self) -> Option<&str> {
        self.code.as_deref()
    }

    /// Returns the service's message, or else the innermost cause.
    pub(in crate::ports) fn text(&self) -> &str {
        self.text.as_deref().unwrap_or_default()
    }

    /// Returns whether the same call may succeed a moment later.
    pub(in crate::ports) fn is_temporary(&self) -> bool {
        let is_temporary_kind = match self.kind {
            Kind::Unsent => false,
            Kind::Unanswered => true,
            Kind::Answered(status) => matches!(status, 408 | 429 | 500 | 502..=504),
            Kind::Entry { sender_fault } => !sender_fault,
        };
        is_temporary_kind || self.code().is_some_and(is_temporary_code)
    }

    /// Returns whether the call may have been carried out although it failed.
    pub(in crate::ports) fn may_be_done(&self) -> bool {
        matches!(self.kind, Kind::Unanswered | Kind::Answered(500 | 502 | 504))
    }

    /// Returns whether a permission is missing. An invalid signature, token or storage class is a 403 too, and no
    /// permission helps there. The 403 of a HEAD has no code.
    pub(in crate::ports) fn is_denied(&self) -> bool {
        match self.code() {
            Some(code) => {
                code.starts_with("AccessDenied") || matches!(code, "AllAccessDisabled" | "Forbidden")
            }
            None => matches!(self.kind, Kind::Answered(401 | 403)),
        }
    }
}

/// Returns whether a code is temporary, whatever the status. S3 sends some with a 200, after it has begun to answer. For
/// services with a JSON protocol throttling is a 400, and services that use KMS pass on its throttling.
fn is_temporary_code(code: &str) -> bool {
    code.contains("Throttl")
        || matches!(
            code,
            "SlowDown"
                | "RequestLimitExceeded"
                | "TooManyRequestsException"
                | "InternalError"
                | "ServiceUnavailable"
                | "RequestTimeout"
                | "OperationAborted"
                | "ConditionalRequestConflict"
        )
}

/// Returns the message of the innermost cause. The messages above it only say in which layer it happened.
pub(in crate::ports) fn deepest(error: &(dyn Error + 'static)) -> String {
    let mut deepest = error;
    while let Some(cause) = deepest.source() {
        deepest = cause;
    }
    deepest.to_string()
}

impl<E: ProvideErrorMetadata + Error + 'static> From<SdkError<E>> for Failure {
    fn from(error: SdkError<E>) -> Self {
        let request_id = error.request_id().map(str::to_owned);
        let of = |kind, text| Self { kind, code: None, text: Some(text), request_id: request_id.clone() };
        match &error {
            // The call succeeded, and its answer cannot be read.
            SdkError::ServiceError(answer)
                if answer.raw().status().is_success() && answer.err().code().is_none() =>
            {
                of(Kind::Unanswered, deepest(&error))
            }
            SdkError::ServiceError(answer) => {
                let (error, raw) = (answer.err(), answer.raw());
                // The answer to a HEAD has no body with the message.
                let region =
                    raw.headers().get("x-amz-bucket-region").filter(|_| raw.status().as_u16() == 301);
                let elsewhere = |region| {
                    format!("the bucket is in region {region}; set AWS_REGION, or use another bucket")
                };
                Self {
                    kind: Kind::Answered(raw.status().as_u16()),
                    code: error.code().map(str::to_owned),
                    text: region.map(elsewhere).or_else(|| error.message().map(str::to_owned)),
                    request_id,
                }
            }
            SdkError::ResponseError(answer) if answer.raw().status().as_u16() >= 300 => {
                of(Kind::Answered(answer.raw().status().as_u16()), deepest(&error))
            }
            SdkError::TimeoutError(_) => of(Kind::Unanswered, "there was no answer in time".to_owned()),
            SdkError::DispatchFailure(sent) if sent.is_timeout() => {
                of(Kind::Unanswered, "there was no answer in time".to_owned())
            }
            // Missing credentials are `other` too; an answer that broke off has a kind of its own.
            SdkError::DispatchFailure(sent)
                if sent.is_user() || (sent.is_other() && sent.as_other().is_none()) =>
            {
                of(Kind::Unsent, deepest(&error))
            }
            SdkError::DispatchFailure(_) | SdkError::ResponseError(_) => {
                of(Kind::Unanswered, deepest(&error))
            }
            _ => of(Kind::Unsent, deepest(&error)),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.code, &self.text) {
            (Some(code), Some(text)) => write!(f, "{code}: {text}")?,
            (Some(one), None) | (None, Some(one)) => f.write_str(one)?,
            (None, None) => f.write_str("refused")?,
        }
        match (self.kind, &self.request_id) {
            (Kind::Answered(status), Some(id)) => write!(f, " (status {status}, request {id})"),
            (Kind::Answered(status), None) => write!(f, " (status {status})"),
            (Kind::Unsent | Kind::Unanswered | Kind::Entry { .. }, _) => Ok(()),
        }
    }
}

impl Error for Failure {}

#[cfg(test)]
impl Failure {
    /// Returns the failure of a call that AWS answered.
    pub(in crate::ports) fn answered(status: u16, code: Option<&str>, text: &str) -> Self {
        let text = Some(text.to_owned()).filter(|text| !text.is_empty());
        Self { kind: Kind::Answered(status), code: code.map(str::to_owned), text, request_id: None }
    }

    /// Returns the failure of a call without an answer.
    pub(in crate::ports) fn unanswered() -> Self {
        Self::broken_off(&std::io::Error::from(std::io::ErrorKind::ConnectionReset))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_temporary_from_permanent_failures() {
        for (status, code) in [
            (500, None),
            (503, Some("SlowDown")),
            (200, Some("InternalError")),
            (400, Some("ThrottlingException")),
            (400, Some("KMS.ThrottlingException")),
            (403, Some("RequestThrottled")),
            (400, Some("RequestTimeout")),
            (409, Some("ConditionalRequestConflict")),
            (429, None),
        ] {
            assert!(Failure::answered(status, code, "").is_temporary(), "{status} {code:?}");
        }
        for (status, code) in [
            (400, Some("ValidationException")),
            (403, Some("AccessDenied")),
            (404, Some("NoSuchKey")),
            (409, Some("BucketNotEmpty")),
            (412, Some("PreconditionFailed")),
            (501, Some("NotImplemented")),
        ] {
            assert!(!Failure::answered(status, code, "").is_temporary(), "{status} {code:?}");
        }
        assert!(Failure::unanswered().is_temporary());
    }

    #[test]
    fn a_call_may_have_been_carried_out_unless_aws_refused_it() {
        assert!(Failure::unanswered().may_be_done());
        assert!(Failure::answered(500, Some("InternalError"), "").may_be_done());
        for (status, code) in
            [(503, "SlowDown"), (409, "ConditionalRequestConflict"), (400, "ThrottlingException")]
        {
            assert!(!Failure::answered(status, Some(code), "").may_be_done());
        }
    }

    #[test]
    fn tells_a_missing_permission_from_other_403s() {
        for (status, code) in [
            (403, None),
            (403, Some("AccessDenied")),
            (403, Some("Forbidden")),
            (400, Some("AccessDeniedException")),
        ] {
            assert!(Failure::answered(status, code, "").is_denied(), "{code:?}");
        }
        for code in ["SignatureDoesNotMatch", "InvalidAccessKeyId", "ExpiredToken", "InvalidObjectState"] {
            assert!(!Failure::answered(403, Some(code), "").is_denied(), "{code}");
        }
    }

    #[test]
    fn formats_the_services_message() {
        let expired = Failure::answered(400, Some("ExpiredToken"), "The provided token has expired.");
        assert_eq!(expired.to_string(), "ExpiredToken: The provided token has expired. (status 400)");
        assert_eq!(Failure::answered(403, None, "").to_string(), "refused (status 403)");
        let named = Failure { request_id: Some("4442587FB7D0A2F9".to_owned()), ..expired };
        assert!(named.to_string().ends_with(" (status 400, request 4442587FB7D0A2F9)"));
    }
}
