//! A request to the API: its path, headers, body and query parameters.

use std::ops::RangeInclusive;

use axum::body::Bytes;
use axum::extract::Query;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use serde_json::Value;

use crate::contract::{FieldErrors, Problem, Route, read_json};

/// The largest body, in bytes. Published as "under 1 MB" for batches; the sandbox applies it to every request.
pub(crate) const MAX_BODY: usize = 1_000_000;

#[derive(Debug)]
pub(crate) struct ApiRequest {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    /// `None` if it was too large to be read.
    pub(crate) body: Option<Bytes>,
}

impl ApiRequest {
    /// Returns the path below `/api`, such as `/batches`; `None` for other paths.
    pub(crate) fn path(&self) -> Option<&str> {
        self.uri.path().strip_prefix("/api").filter(|path| path.is_empty() || path.starts_with('/'))
    }

    pub(crate) fn route(&self) -> Route<'_> {
        Route::of(self.path().unwrap_or_default())
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Returns the body, which must be declared as JSON.
    pub(crate) fn body(&self) -> Result<&Bytes, Problem> {
        let media_type = self.header(header::CONTENT_TYPE.as_str()).and_then(|text| text.split(';').next());
        if !media_type.is_some_and(|text| text.trim().eq_ignore_ascii_case("application/json")) {
            let detail = "The body must be sent with `Content-Type: application/json`.";
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail));
        }
        self.body.as_ref().ok_or_else(too_large)
    }

    pub(crate) fn json(&self) -> Result<Value, Problem> {
        read_json(self.body()?)
    }

    pub(crate) fn check_size(&self) -> Result<(), Problem> {
        match &self.body {
            Some(body) if body.len() <= MAX_BODY => Ok(()),
            _ => Err(too_large()),
        }
    }

    pub(crate) fn parameters(&self) -> Parameters {
        let pairs = Query::<Vec<(String, String)>>::try_from_uri(&self.uri).map(|Query(pairs)| pairs);
        Parameters { pairs: pairs.unwrap_or_default(), errors: FieldErrors::default() }
    }
}

fn too_large() -> Problem {
    let detail = format!("The body must not be larger than {MAX_BODY} bytes.");
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail)
}

/// The query parameters that were not taken yet. An unknown one is refused with 400 (published by a third party).
#[derive(Debug)]
pub(crate) struct Parameters {
    pairs: Vec<(String, String)>,
    pub(crate) errors: FieldErrors,
}

impl Parameters {
    pub(crate) fn take(&mut self, name: &str) -> Option<String> {
        let at = self.pairs.iter().position(|(key, _)| key == name)?;
        Some(self.pairs.swap_remove(at).1)
    }

    /// Takes a whole number. Returns the default if it is missing; adds an error and returns the default if it is out
    /// of range.
    pub(crate) fn number(&mut self, name: &str, range: RangeInclusive<usize>, default: usize) -> usize {
        let Some(text) = self.take(name) else { return default };
        if let Some(number) = text.parse().ok().filter(|number| range.contains(number)) {
            return number;
        }
        let message = match (range.start(), range.end()) {
            (min, &usize::MAX) => format!("must be a whole number of at least {min}"),
            (min, max) => format!("must be a whole number from {min} to {max}"),
        };
        self.errors.add(name, "invalidValue", message);
        default
    }

    /// Refuses the request if a parameter is invalid, unknown or repeated.
    pub(crate) fn finish(mut self) -> Result<(), Problem> {
        for (name, _) in &self.pairs {
            self.errors.add(name, "unknownParameter", "is not a parameter of this endpoint, or is repeated");
        }
        self.errors.finish()
    }
}
