//! Omnisend's errors: problem JSON (RFC 9457).

use serde::Deserialize;

/// What Omnisend said of a request that it did not take. Every part may be missing: a proxy before it answers
/// in HTML.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Problem {
    /// A URI that names the kind of problem.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// The kind in words.
    pub title: Option<String>,
    /// What is wrong with this request.
    pub detail: Option<String>,
    /// `urn:omnisend:request:<uuid>`: what Omnisend's support asks for.
    pub instance: Option<String>,
    /// Every field that is wrong, of a 400.
    pub errors: Vec<FieldError>,
    /// Seconds to wait, of a 429, on some endpoints.
    pub retry_after: Option<u64>,
}

/// One field that is wrong.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct FieldError {
    /// The field's path.
    pub field: Option<String>,
    /// The rule that it breaks.
    pub code: Option<String>,
    /// The rule in words.
    pub message: Option<String>,
}

impl Problem {
    /// Reads a body; one that is not problem JSON tells nothing.
    pub fn parse(body: &[u8]) -> Self {
        serde_json::from_slice(body).unwrap_or_default()
    }

    /// What it says, for people: `detail`, or `title`, then the first fields. Never the request's own values,
    /// unless Omnisend repeats them.
    pub fn summary(&self) -> Option<String> {
        let first = self.detail.as_deref().or(self.title.as_deref());
        let fields = self.errors.iter().take(3).map(FieldError::summary);
        let parts: Vec<String> = first.map(str::to_owned).into_iter().chain(fields).collect();
        (!parts.is_empty()).then(|| parts.join("; "))
    }
}

impl FieldError {
    fn summary(&self) -> String {
        let field = self.field.as_deref().unwrap_or("?");
        let what = self.message.as_deref().or(self.code.as_deref()).unwrap_or("is not valid");
        format!("{field}: {what}")
    }
}
