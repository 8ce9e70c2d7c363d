//! Omnisend's error bodies: problem JSON (RFC 9457), or the shape of version 3, `{"error": "…", "fields": {"0": ["…"]}}`.

use serde_json::Value;

/// Omnisend's explanation of an error. Each part may be missing, for example if a proxy answered in HTML.
///
/// The texts are meant for logs and reports: email addresses and phone numbers in them are masked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Problem {
    /// A URI that names the kind of problem.
    pub kind: Option<String>,
    /// The kind in words.
    pub title: Option<String>,
    /// What is wrong with this request.
    pub detail: Option<String>,
    /// The trace id that Omnisend's support asks for: `urn:omnisend:request:<uuid>`.
    pub instance: Option<String>,
    /// Every invalid field of a request that was refused with 400.
    pub errors: Vec<FieldError>,
    /// Seconds to wait after a 429. Only some endpoints send it.
    pub retry_after: Option<u64>,
}

/// One invalid field of a request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldError {
    /// The field's path, such as `items[3].country`. `None` if the error only has a number, as in the shape of version 3.
    pub field: Option<String>,
    /// The rule that the field breaks.
    pub code: Option<String>,
    /// The rule in words.
    pub message: Option<String>,
}

impl Problem {
    /// Reads the body of an answer. A body that is not JSON of a known shape results in an empty problem.
    pub fn parse(body: &[u8]) -> Self {
        serde_json::from_slice(body).as_ref().map(Self::from_json).unwrap_or_default()
    }

    /// Reads each part by itself: a part of another type is as if it were missing.
    pub(crate) fn from_json(body: &Value) -> Self {
        let listed = body["errors"].as_array().into_iter().flatten().map(FieldError::from_json);
        let by_key = body["fields"].as_object().into_iter().flatten();
        let older = by_key.flat_map(|(key, messages)| FieldError::from_older(key, messages));
        Self {
            kind: text(&body["type"]),
            title: masked(&body["title"]),
            // A gateway was not seen yet; most of them say `message`.
            detail: ["detail", "error", "message"].iter().find_map(|name| masked(&body[*name])),
            instance: text(&body["instance"]),
            errors: listed.chain(older).collect(),
            retry_after: body["retryAfter"].as_u64(),
        }
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
    fn from_json(error: &Value) -> Self {
        Self { field: text(&error["field"]), code: text(&error["code"]), message: masked(&error["message"]) }
    }

    /// Reads the messages under one key of the older shape's `fields`. The key may be a field, or a number.
    fn from_older(key: &str, messages: &Value) -> Vec<Self> {
        let field = (!key.bytes().all(|byte| byte.is_ascii_digit())).then(|| key.to_owned());
        let error = |message| Self { field: field.clone(), code: None, message: Some(message) };
        let all = match messages {
            Value::Array(messages) => messages.as_slice(),
            message => std::slice::from_ref(message),
        };
        all.iter().filter_map(masked).map(error).collect()
    }

    fn summary(&self) -> String {
        let rule = self.message.as_deref().or(self.code.as_deref()).unwrap_or("is not valid");
        match &self.field {
            Some(field) => format!("{field}: {rule}"),
            None => rule.to_owned(),
        }
    }
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

/// A text with its email addresses and phone numbers masked.
fn masked(value: &Value) -> Option<String> {
    value.as_str().map(mask)
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

    #[test]
    fn reads_the_shape_of_version_3() {
        let body = r#"{"error": "Invalid contact ada@example.com", "fields": {
            "0": ["birthdate: is not a date", "gender: +442071838750 is not m or f"], "tags": "is no list", "1": null}}"#;
        let problem = Problem::parse(body.as_bytes());
        let error = |field: Option<&str>, message: &str| FieldError {
            field: field.map(str::to_owned),
            code: None,
            message: Some(message.to_owned()),
        };
        let expected = Problem {
            detail: Some("Invalid contact (an email address)".to_owned()),
            errors: vec![
                error(None, "birthdate: is not a date"),
                error(None, "gender: (a phone number) is not m or f"),
                error(Some("tags"), "is no list"),
            ],
            ..Problem::default()
        };
        assert_eq!(problem, expected);
        assert_eq!(
            problem.summary().as_deref(),
            Some(
                "Invalid contact (an email address); birthdate: is not a date; gender: (a phone number) is not m or \
                 f; tags: is no list"
            )
        );
    }

    #[test]
    fn a_part_of_another_type_does_not_hide_the_others() {
        let body = r#"{"title": 7, "detail": "no", "errors": null, "fields": [], "instance": null, "retryAfter": "9"}"#;
        let expected = Problem { detail: Some("no".to_owned()), ..Problem::default() };
        assert_eq!(Problem::parse(body.as_bytes()), expected);
        for body in ["", "[]", "null", "\"no\"", "<html>"] {
            assert_eq!(Problem::parse(body.as_bytes()), Problem::default(), "{body}");
        }
    }
}
