//! What is wrong with a JSON text, without a word of it.

use serde_json::error::Category;

/// What is wrong with a JSON text, and where. The parser's own message quotes the text, which may be a contact.
pub(crate) fn flaw(error: &serde_json::Error) -> String {
    let kind = match error.classify() {
        Category::Syntax => "it is not JSON",
        Category::Eof => "it ends too early",
        Category::Data => "it is JSON of another shape",
        Category::Io => "it cannot be written",
    };
    format!("{kind} (line {}, column {})", error.line(), error.column())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flaw_quotes_nothing() {
        let of = |text: &str| flaw(&serde_json::from_str::<super::super::Work>(text).unwrap_err());
        assert_eq!(of("ada@example.com"), "it is not JSON (line 1, column 1)");
        assert_eq!(of("{\"export\": \"vip\""), "it ends too early (line 1, column 16)");
        for text in ["\"ada@example.com\"", r#"{"export": "ada@example.com", "run": "1", "step": "settle"}"#]
        {
            let said = of(text);
            assert!(
                said.starts_with("it is JSON of another shape (line 1") && !said.contains("ada"),
                "{said}"
            );
        }
    }
}
