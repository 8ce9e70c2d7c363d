//! What stands between two cells of a CSV file.

use serde::{Deserialize, Serialize};

/// A CSV delimiter: one ASCII character that is no letter, digit, quote, backslash or line break.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Delimiter(u8);

/// Why a text is no delimiter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{}` is not a delimiter: use one character such as \",\", \";\", \"|\" or \"tab\"; \
     no letter, digit, quote, backslash or line break",
    .0.escape_debug()
)]
pub struct InvalidDelimiter(String);

impl Delimiter {
    /// What CSV is named after.
    pub const COMMA: Self = Self(b',');

    /// What detection chooses from; the first wins where they are equal.
    pub(super) const CANDIDATES: [Self; 4] = [Self(b','), Self(b';'), Self(b'\t'), Self(b'|')];

    /// What a first line `sep=;` says, as programs write it for Excel.
    pub(super) fn said(text: &[u8]) -> Option<Self> {
        let [b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', byte, b'\r' | b'\n', ..] = text else {
            return None;
        };
        Self::try_from(char::from(*byte).to_string()).ok()
    }

    /// The byte between two cells.
    pub fn byte(self) -> u8 {
        self.0
    }
}

impl TryFrom<String> for Delimiter {
    type Error = InvalidDelimiter;

    fn try_from(text: String) -> Result<Self, InvalidDelimiter> {
        match text.as_bytes() {
            // In single quotes TOML leaves the backslash alone.
            b"tab" | b"\\t" => Ok(Self(b'\t')),
            [b'"' | b'\'' | b'\\' | b'\r' | b'\n'] => Err(InvalidDelimiter(text)),
            [byte] if byte.is_ascii() && !byte.is_ascii_alphanumeric() => Ok(Self(*byte)),
            _ => Err(InvalidDelimiter(text)),
        }
    }
}

impl From<Delimiter> for String {
    fn from(delimiter: Delimiter) -> Self {
        char::from(delimiter.0).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delimiter_is_one_character_that_no_cell_needs() {
        for (text, byte) in [
            (",", b','),
            (";", b';'),
            ("\t", b'\t'),
            ("tab", b'\t'),
            ("\\t", b'\t'),
            ("|", b'|'),
            ("\u{1}", 1),
        ] {
            let delimiter = Delimiter::try_from(text.to_owned()).unwrap();
            assert_eq!(delimiter.byte(), byte, "{text:?}");
            assert_eq!(Delimiter::try_from(String::from(delimiter)), Ok(delimiter));
        }
        for text in ["", ",,", "a", "7", "\"", "'", "\\", "\n", "\r", "¦", "comma"] {
            assert!(Delimiter::try_from(text.to_owned()).is_err(), "{text:?}");
        }
    }
}
