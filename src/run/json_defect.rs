//! Why a JSON text could not be read, without quoting it.

use serde_json::error::Category;

/// Why a JSON text could not be read, and where. It keeps none of the text: the parser's own message quotes the text,
/// which may be a contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{} (line {line}, column {column})", self.reason())]
pub struct JsonDefect {
    category: Category,
    line: usize,
    column: usize,
}

impl JsonDefect {
    fn reason(&self) -> &'static str {
        match self.category {
            Category::Syntax => "it is not JSON",
            Category::Eof => "it ends too early",
            Category::Data => "its JSON has an unexpected shape",
            Category::Io => "it cannot be written",
        }
    }
}

impl From<&serde_json::Error> for JsonDefect {
    fn from(error: &serde_json::Error) -> Self {
        Self { category: error.classify(), line: error.line(), column: error.column() }
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::keys::RunRef;

    #[derive(Debug, Deserialize)]
    struct Message {
        #[serde(flatten)]
        _run: RunRef,
    }

    #[test]
    fn does_not_quote_the_text() {
        let defect =
            |text: &str| JsonDefect::from(&serde_json::from_str::<Message>(text).unwrap_err()).to_string();
        assert_eq!(defect("ada@example.com"), "it is not JSON (line 1, column 1)");
        assert_eq!(defect("{\"export\": \"vip\""), "it ends too early (line 1, column 16)");
        for text in ["\"ada@example.com\"", r#"{"export": "ada@example.com", "run": "1"}"#] {
            let message = defect(text);
            assert!(message.starts_with("its JSON has an unexpected shape (line 1"), "{message}");
            assert!(!message.contains("ada"), "{message}");
        }
    }
}
