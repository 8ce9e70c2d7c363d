//! The text of a secret: the raw API key, or JSON that holds it.

use omnisend::ApiKey;
use serde::Deserialize;

/// What is wrong with a secret's text. Does not quote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSecret {
    /// Only white space.
    #[error("it is empty")]
    Empty,
    /// It begins like JSON, but is not `{"api_key": "…"}`.
    #[error("it looks like JSON, but is not of the form {{\"api_key\": \"…\"}}")]
    Json,
    /// A space, a line break or a character outside ASCII.
    #[error("it holds a space, a line break or a character that no API key has")]
    Characters,
}

/// Returns the key in a secret's text: the raw key, or a JSON object `{"api_key": "…"}`.
pub(super) fn parse(text: &str) -> Result<ApiKey, InvalidSecret> {
    #[derive(Deserialize)]
    struct Json {
        api_key: String,
    }
    let text = text.trim();
    let key = if text.starts_with('{') {
        serde_json::from_str::<Json>(text).map_err(|_| InvalidSecret::Json)?.api_key
    } else {
        text.to_owned()
    };
    match key.trim() {
        "" => Err(InvalidSecret::Empty),
        key => ApiKey::new(key).map_err(|_| InvalidSecret::Characters),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_the_raw_key_and_json() {
        let key = |key| Ok(ApiKey::new(key).unwrap());
        assert_eq!(parse(" key-1\n"), key("key-1"));
        assert_eq!(parse(r#"{"api_key": "key-2", "other": 1}"#), key("key-2"));
        assert_eq!(parse(" \n"), Err(InvalidSecret::Empty));
        assert_eq!(parse(r#"{"key": "x"}"#), Err(InvalidSecret::Json));
        assert_eq!(parse("two words"), Err(InvalidSecret::Characters));
    }
}
