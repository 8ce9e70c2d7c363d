//! A request to the API, taken apart: its resource, its parameters, its body.

use axum::body::Bytes;
use axum::extract::Query;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use serde_json::Value;

use crate::findings::Findings;
use crate::problem::Problem;

/// The largest body. Published as "under 1 MB" for batches; held for every request.
pub(crate) const MAX_BODY: usize = 1_000_000;

/// A request below `/api`.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    /// `None` where it was too large to be read at all.
    pub(crate) body: Option<Bytes>,
}

impl Call {
    /// The path below `/api`, such as `/batches`; `None` elsewhere.
    pub(crate) fn path(&self) -> Option<&str> {
        self.uri.path().strip_prefix("/api").filter(|path| path.is_empty() || path.starts_with('/'))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The body of a request that has one, where it is said to be JSON.
    pub(crate) fn body(&self) -> Result<&Bytes, Problem> {
        let media_type = self.header(header::CONTENT_TYPE.as_str()).and_then(|text| text.split(';').next());
        if !media_type.is_some_and(|text| text.trim().eq_ignore_ascii_case("application/json")) {
            let detail = "The body must come as `Content-Type: application/json`.";
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail));
        }
        self.body.as_ref().ok_or_else(too_large)
    }

    pub(crate) fn json(&self) -> Result<Value, Problem> {
        serde_json::from_slice(self.body()?).map_err(|error| not_json(&error))
    }

    /// Refuses a body over the limit, whatever it is for.
    pub(crate) fn check_size(&self) -> Result<(), Problem> {
        match &self.body {
            Some(body) if body.len() <= MAX_BODY => Ok(()),
            _ => Err(too_large()),
        }
    }

    pub(crate) fn parameters(&self) -> Parameters {
        let pairs = Query::<Vec<(String, String)>>::try_from_uri(&self.uri).map(|Query(pairs)| pairs);
        Parameters { pairs: pairs.unwrap_or_default(), found: Findings::default() }
    }
}

fn too_large() -> Problem {
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, format!("The body must not be larger than {MAX_BODY} bytes."))
}

pub(crate) fn not_json(error: &serde_json::Error) -> Problem {
    Problem::field("", "invalidJson", format!("is not the JSON that it should be: {error}"))
}

/// The query's parameters. Undocumented: what becomes of one that the endpoint does not know; it is refused, so that
/// a misspelt filter does not go unnoticed.
#[derive(Debug)]
pub(crate) struct Parameters {
    pairs: Vec<(String, String)>,
    pub(crate) found: Findings,
}

impl Parameters {
    pub(crate) fn take(&mut self, name: &str) -> Option<String> {
        let at = self.pairs.iter().position(|(key, _)| key == name)?;
        Some(self.pairs.swap_remove(at).1)
    }

    /// A whole number from `least` to `most`.
    pub(crate) fn number(&mut self, name: &str, (least, most): (usize, usize), default: usize) -> usize {
        let Some(text) = self.take(name) else { return default };
        match text.parse() {
            Ok(number) if (least..=most).contains(&number) => number,
            _ => {
                let message = match most {
                    usize::MAX => format!("must be a whole number of at least {least}"),
                    _ => format!("must be a whole number from {least} to {most}"),
                };
                self.found.add(name, "invalidValue", message);
                default
            }
        }
    }

    /// Refuses what is left.
    pub(crate) fn finish(mut self) -> Result<(), Problem> {
        for (name, _) in &self.pairs {
            self.found.add(
                name,
                "unknownParameter",
                "is not a parameter of this endpoint, or stands there twice",
            );
        }
        self.found.into_result(()).map_err(Problem::invalid)
    }
}
