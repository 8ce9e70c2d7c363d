//! What went wrong with a call to AWS: a status and a code where there was an answer. Holds no body.

use std::{error::Error, fmt};

use aws_sdk_s3::{
    error::{ProvideErrorMetadata, SdkError},
    operation::RequestId,
};

/// A call that did not succeed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::ports) struct Failure {
    kind: Kind,
    /// The service's own name for it.
    code: Option<String>,
    /// The service's message, or the cause nearest to the wire.
    text: Option<String>,
    /// What AWS's support asks for.
    request_id: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// It never left: a configuration that is wrong, credentials that are not there.
    Unsent,
    /// It left, and no whole answer came back. It may have been carried out.
    Unanswered,
    /// An answer with this status.
    Answered(u16),
    /// One entry of a batch whose request was answered.
    Entry {
        /// Whether the service holds the caller to blame.
        callers_fault: bool,
    },
}

impl Failure {
    /// An answer that broke off.
    pub(in crate::ports) fn broken_off(cause: &(dyn Error + 'static)) -> Self {
        Self { kind: Kind::Unanswered, code: None, text: Some(deepest(cause)), request_id: None }
    }

    /// A request that cannot be made.
    pub(in crate::ports) fn unsent(cause: &(dyn Error + 'static)) -> Self {
        Self { kind: Kind::Unsent, ..Self::broken_off(cause) }
    }

    /// An entry of a batch that the service did not take.
    pub(in crate::ports) fn of_entry(code: &str, text: Option<&str>, callers_fault: bool) -> Self {
        let (code, text) = (Some(code.to_owned()), text.map(str::to_owned));
        Self { kind: Kind::Entry { callers_fault }, code, text, request_id: None }
    }

    /// The answer's HTTP status.
    pub(in crate::ports) fn status(&self) -> Option<u16> {
        match self.kind {
            Kind::Answered(status) => Some(status),
            Kind::Unsent | Kind::Unanswered | Kind::Entry { .. } => None,
        }
    }

    /// The service's name for the error.
    pub(in crate::ports) fn code(&self) -> Option<&str> {
        self.code.as_deref()
    }

    /// The service's message.
    pub(in crate::ports) fn text(&self) -> &str {
        self.text.as_deref().unwrap_or_default()
    }

    /// Whether the same call may well succeed a moment later.
    pub(in crate::ports) fn is_temporary(&self) -> bool {
        let passing_kind = match self.kind {
            Kind::Unsent => false,
            Kind::Unanswered => true,
            Kind::Answered(status) => matches!(status, 408 | 429 | 500 | 502..=504),
            Kind::Entry { callers_fault } => !callers_fault,
        };
        passing_kind || self.code().is_some_and(is_temporary_code)
    }

    /// Whether the call may have been carried out all the same.
    pub(in crate::ports) fn may_be_done(&self) -> bool {
        matches!(self.kind, Kind::Unanswered | Kind::Answered(500 | 502 | 504))
    }

    /// Whether the service refused for want of a permission. A signature, a token or a storage class that it does
    /// not accept is a 403 too, and no permission would help there. A HEAD's 403 has no code.
    pub(in crate::ports) fn is_denied(&self) -> bool {
        match self.code() {
            Some(code) => {
                code.starts_with("AccessDenied") || matches!(code, "AllAccessDisabled" | "Forbidden")
            }
            None => matches!(self.kind, Kind::Answered(401 | 403)),
        }
    }
}

/// Codes that pass, whatever their status. S3 answers some with 200, once it has begun to answer; throttling is
/// a 400 of the services that speak JSON, and KMS's is passed on by those that use it.
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

/// The text of the last cause: what the layers above it say is where they stand.
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
            // It succeeded, and what it says cannot be read.
            SdkError::ServiceError(answer)
                if answer.raw().status().is_success() && answer.err().code().is_none() =>
            {
                of(Kind::Unanswered, deepest(&error))
            }
            SdkError::ServiceError(answer) => {
                let (told, raw) = (answer.err(), answer.raw());
                // A HEAD has no body to say so.
                let region =
                    raw.headers().get("x-amz-bucket-region").filter(|_| raw.status().as_u16() == 301);
                let elsewhere = |region| {
                    format!("the bucket is in region {region}; set AWS_REGION, or use another bucket")
                };
                Self {
                    kind: Kind::Answered(raw.status().as_u16()),
                    code: told.code().map(str::to_owned),
                    text: region.map(elsewhere).or_else(|| told.message().map(str::to_owned)),
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
            // `other` is also what says that there are no credentials; an answer cut short has a kind.
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
    /// An answer of a status and a code.
    pub(in crate::ports) fn answered(status: u16, code: Option<&str>, text: &str) -> Self {
        let text = Some(text.to_owned()).filter(|text| !text.is_empty());
        Self { kind: Kind::Answered(status), code: code.map(str::to_owned), text, request_id: None }
    }

    /// A call without an answer.
    pub(in crate::ports) fn unanswered() -> Self {
        Self::broken_off(&std::io::Error::from(std::io::ErrorKind::ConnectionReset))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes_is_tried_again_and_what_does_not_is_not() {
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
    fn only_what_was_refused_outright_is_surely_not_done() {
        assert!(Failure::unanswered().may_be_done());
        assert!(Failure::answered(500, Some("InternalError"), "").may_be_done());
        for (status, code) in
            [(503, "SlowDown"), (409, "ConditionalRequestConflict"), (400, "ThrottlingException")]
        {
            assert!(!Failure::answered(status, Some(code), "").may_be_done());
        }
    }

    #[test]
    fn a_permission_helps_where_one_is_missing() {
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
    fn it_says_what_the_service_said() {
        let told = Failure::answered(400, Some("ExpiredToken"), "The provided token has expired.");
        assert_eq!(told.to_string(), "ExpiredToken: The provided token has expired. (status 400)");
        assert_eq!(Failure::answered(403, None, "").to_string(), "refused (status 403)");
        let named = Failure { request_id: Some("4442587FB7D0A2F9".to_owned()), ..told };
        assert!(named.to_string().ends_with(" (status 400, request 4442587FB7D0A2F9)"));
    }
}
