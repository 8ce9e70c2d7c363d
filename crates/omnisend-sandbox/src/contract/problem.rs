//! Refusals in the form that Omnisend gives them: problem JSON (RFC 9457).
//!
//! Published: the media type and its members, `instance` as `urn:omnisend:request:<uuid>`, a 400 that lists every
//! invalid field under `errors`, and the `type` of a 429. Undocumented: the other types (`unauthorized` and `forbidden`
//! have been observed) and every `code`; the codes here are the sandbox's own.

use std::borrow::Cow;
use std::error::Error;

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Why one field is invalid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct FieldError {
    pub(crate) field: String,
    pub(crate) code: Cow<'static, str>,
    pub(crate) message: String,
}

impl FieldError {
    /// Returns the error with the field's full name. `place` is the path of the object that has the field, such as
    /// `items[3]`.
    pub(crate) fn within(mut self, place: &str) -> Self {
        self.field = if self.field.is_empty() { place.to_owned() } else { format!("{place}.{}", self.field) };
        self
    }
}

/// Why a request, or one item of a batch, was refused.
#[derive(Debug, Clone, Serialize)]
#[serde(transparent)]
pub(crate) struct Problem(Box<Members>);

#[derive(Debug, Clone, Serialize)]
struct Members {
    #[serde(rename = "type")]
    kind: String,
    title: &'static str,
    status: u16,
    detail: String,
    instance: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldError>,
    #[serde(rename = "retryAfter", skip_serializing_if = "Option::is_none")]
    retry_after: Option<u64>,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        let title = match status {
            StatusCode::TOO_MANY_REQUESTS => "Rate limit exceeded",
            _ => status.canonical_reason().unwrap_or("Error"),
        };
        let slug = title.to_ascii_lowercase().replace(' ', "-");
        Self(Box::new(Members {
            kind: format!("https://problems.omnisend.com/{slug}"),
            title,
            status: status.as_u16(),
            detail: detail.into(),
            instance: format!("urn:omnisend:request:{}", Uuid::new_v4()),
            errors: Vec::new(),
            retry_after: None,
        }))
    }

    /// Returns a 400 that lists every invalid field.
    pub(crate) fn invalid(errors: Vec<FieldError>) -> Self {
        let detail = match errors.len() {
            1 => "The request has 1 invalid field.".to_owned(),
            n => format!("The request has {n} invalid fields."),
        };
        Self::new(StatusCode::BAD_REQUEST, detail).with_errors(errors)
    }

    /// Returns a 400 for one invalid field.
    pub(crate) fn field(field: &str, code: &'static str, message: impl Into<String>) -> Self {
        let error = FieldError { field: field.to_owned(), code: code.into(), message: message.into() };
        Self::invalid(vec![error])
    }

    /// Returns the invalid fields.
    pub(crate) fn into_errors(self) -> Vec<FieldError> {
        self.0.errors
    }

    /// Returns a 500 for an error of the sandbox itself.
    pub(crate) fn internal(error: &dyn Error) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string())
    }

    pub(crate) fn stopping() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "The sandbox is stopping.")
    }

    pub(crate) fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, format!("There is no such {what}."))
    }

    /// Sets `retryAfter` in the body, in seconds.
    pub(crate) fn retry_after(mut self, seconds: Option<u64>) -> Self {
        self.0.retry_after = seconds;
        self
    }

    pub(crate) fn with_errors(mut self, errors: Vec<FieldError>) -> Self {
        self.0.errors = errors;
        self
    }

    pub(crate) fn status(&self) -> u16 {
        self.0.status
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = json_response(StatusCode::from_u16(self.0.status).unwrap_or_default(), &self);
        let kind = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
        response
    }
}

/// Returns a response with a JSON body.
pub(crate) fn json_response(status: StatusCode, body: &impl Serialize) -> Response {
    match serde_json::to_vec(body) {
        Ok(body) => (status, [(header::CONTENT_TYPE, "application/json")], Body::from(body)).into_response(),
        // JSON can represent every value but a map with keys that are not strings; the sandbox has no such map.
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

/// Reads a JSON body.
pub(crate) fn read_json<'b, T: Deserialize<'b>>(body: &'b [u8]) -> Result<T, Problem> {
    let invalid = |error| format!("is not valid JSON for this request: {error}");
    serde_json::from_slice(body).map_err(|error| Problem::field("", "invalidJson", invalid(error)))
}
