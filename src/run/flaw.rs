//! What is wrong with a JSON text, without quoting it.

use std::fmt;

use serde_json::error::Category;

/// What is wrong with a JSON text, and where. The parser's own message quotes the text, which may hold a contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JsonFlaw {
    kind: Category,
    line: usize,
    column: usize,
}

impl From<&serde_json::Error> for JsonFlaw {
    fn from(error: &serde_json::Error) -> Self {
        Self { kind: error.classify(), line: error.line(), column: error.column() }
    }
}

impl fmt::Display for JsonFlaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            Category::Syntax => "it is not JSON",
            Category::Eof => "it ends too early",
            Category::Data => "it is JSON of another shape",
            Category::Io => "it cannot be written",
        };
        write!(f, "{kind} (line {}, column {})", self.line, self.column)
    }
}

impl std::error::Error for JsonFlaw {}

pub(crate) fn flaw(error: &serde_json::Error) -> JsonFlaw {
    error.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn describes_a_flaw_without_quoting_the_text() {
        let describe =
            |text: &str| flaw(&serde_json::from_str::<super::super::Work>(text).unwrap_err()).to_string();
        assert_eq!(describe("ada@example.com"), "it is not JSON (line 1, column 1)");
        assert_eq!(describe("{\"export\": \"vip\""), "it ends too early (line 1, column 16)");
        for text in ["\"ada@example.com\"", r#"{"export": "ada@example.com", "run": "1", "step": "settle"}"#]
        {
            let shown = describe(text);
            assert!(
                shown.starts_with("it is JSON of another shape (line 1") && !shown.contains("ada"),
                "{shown}"
            );
        }
    }
}
