//! Why a call failed.

use serde_json::error::Category;

use crate::{key::KeyError, refusal::Refusal, retry::AttemptError};

/// Why a call did not succeed, after every retry.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// Omnisend refuses the request however often it is sent.
    #[error(transparent)]
    Refused(Box<Refusal>),
    /// Omnisend could not be reached, or kept failing, until the retries were used up.
    #[error("Omnisend did not accept the request after {attempts} attempts: {last}; try again later")]
    Unavailable {
        /// How often the request was sent.
        attempts: u32,
        /// Why the last attempt failed.
        #[source]
        last: AttemptError,
    },
    /// The deadline would have passed during a wait.
    #[error("there is no time left to wait for Omnisend")]
    OutOfTime,
    /// The API key could not be read.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// Omnisend accepted the request, but its answer is not what the API documents.
    #[error("Omnisend's answer is not what its API documents: {0}")]
    Unexpected(#[from] UnexpectedAnswer),
}

impl CallError {
    /// Returns the refusal, if that is what failed.
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused(refusal) => Some(refusal),
            _ => None,
        }
    }
}

/// Why an answer could not be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UnexpectedAnswer {
    /// The body is not the JSON that the API documents.
    #[error(transparent)]
    Json(#[from] JsonDefect),
    /// A request for one contact returned other contacts: Omnisend ignored the filter.
    #[error("it holds contacts other than the requested one")]
    OtherContacts,
}

/// What is wrong with a JSON text, and where. It replaces [`serde_json::Error`], whose message quotes the text, which
/// may hold personal data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{} (line {line}, column {column})", self.defect())]
pub struct JsonDefect {
    category: Category,
    line: usize,
    column: usize,
}

impl JsonDefect {
    fn defect(&self) -> &'static str {
        match self.category {
            Category::Syntax => "it is not JSON",
            Category::Eof => "it ends too early",
            Category::Data => "its JSON has an unexpected shape",
            Category::Io => "it could not be read",
        }
    }
}

impl From<serde_json::Error> for JsonDefect {
    fn from(error: serde_json::Error) -> Self {
        Self { category: error.classify(), line: error.line(), column: error.column() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_json_defect_quotes_nothing() {
        let of =
            |text: &str| JsonDefect::from(serde_json::from_str::<Vec<u8>>(text).unwrap_err()).to_string();
        assert_eq!(of("ada@example.com"), "it is not JSON (line 1, column 1)");
        assert_eq!(of("[1"), "it ends too early (line 1, column 2)");
        assert_eq!(of("\"ada@example.com\""), "its JSON has an unexpected shape (line 1, column 17)");
    }
}
