//! Omnisend's error bodies: problem JSON (RFC 9457).

use serde::{Deserialize, Deserializer};

/// Omnisend's explanation of an error. Each part may be missing, for example if a proxy answered in HTML.
///
/// The texts are meant for logs and reports: email addresses and phone numbers in them are masked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Problem {
    /// A URI that names the kind of problem.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// The kind in words.
    #[serde(deserialize_with = "masked")]
    pub title: Option<String>,
    /// What is wrong with this request.
    #[serde(deserialize_with = "masked")]
    pub detail: Option<String>,
    /// The trace id that Omnisend's support asks for: `urn:omnisend:request:<uuid>`.
    pub instance: Option<String>,
    /// Every invalid field of a request that was refused with 400.
    pub errors: Vec<FieldError>,
    /// Seconds to wait after a 429. Only some endpoints send it.
    pub retry_after: Option<u64>,
}

/// One invalid field of a request.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct FieldError {
    /// The field's path, such as `items[3].country`.
    pub field: Option<String>,
    /// The rule that the field breaks.
    pub code: Option<String>,
    /// The rule in words.
    #[serde(deserialize_with = "masked")]
    pub message: Option<String>,
}

impl Problem {
    /// Reads the body of an answer. A body that is not problem JSON results in an empty problem.
    pub fn parse(body: &[u8]) -> Self {
        serde_json::from_slice(body).unwrap_or_default()
    }

    /// Returns the explanation in one line: `detail` or else `title`, then the first 3 fields. `None` if it has
    /// neither.
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
        let rule = self.message.as_deref().or(self.code.as_deref()).unwrap_or("is not valid");
        format!("{field}: {rule}")
    }
}

/// Returns a text with its email addresses and phone numbers masked.
fn masked<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.map(|text| mask(&text)))
}

fn mask(text: &str) -> String {
    let ends_word = |c: char| c.is_whitespace() || "\"'`<>()[]{},;:=".contains(c);
    let mask_word = |word: &str| {
        let digits = word.strip_prefix('+').unwrap_or_default();
        if word.find('@').is_some_and(|at| at > 0) {
            "(an email address)".to_owned()
        } else if digits.len() >= 7 && digits.bytes().all(|b| b.is_ascii_digit()) {
            "(a phone number)".to_owned()
        } else {
            word.to_owned()
        }
    };
    text.split_inclusive(ends_word)
        .map(|piece| match piece.strip_suffix(ends_word) {
            Some(word) => mask_word(word) + piece.get(word.len()..).unwrap_or_default(),
            None => mask_word(piece),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_only_addresses_and_phone_numbers() {
        for (text, masked) in [
            ("the email ada@example.com is blocked", "the email (an email address) is blocked"),
            ("`ada@example.com`, \"+442071838750\".", "`(an email address)`, \"(a phone number)\"."),
            ("items[3].id: must be in E.164, +49", "items[3].id: must be in E.164, +49"),
            ("", ""),
        ] {
            assert_eq!(mask(text), masked);
        }
    }

    #[test]
    fn masks_the_texts_of_a_problem_and_accepts_null() {
        let problem = Problem::parse(br#"{"title": null, "detail": "no a@b.co", "errors": [{"code": "c"}]}"#);
        assert_eq!((problem.title, problem.detail.as_deref()), (None, Some("no (an email address)")));
        assert_eq!(problem.errors.first().and_then(|error| error.message.as_deref()), None);
    }
}
