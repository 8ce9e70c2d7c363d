//! The delimiter of a CSV file.

use serde::{Deserialize, Serialize};

/// The delimiter of a CSV file: one ASCII character except letters, digits, quotes, backslashes and line breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Delimiter(u8);

/// The error for a text that is not a [`Delimiter`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{}` is not a delimiter: use one character such as \",\", \";\", \"|\" or \"tab\"; \
     no letter, digit, quote, backslash or line break",
    .0.escape_debug()
)]
pub struct InvalidDelimiter(String);

impl Delimiter {
    /// `,`
    pub const COMMA: Self = Self(b',');

    /// The delimiters that are detected, the likeliest first.
    pub(crate) const CANDIDATES: [Self; 4] = [Self(b','), Self(b';'), Self(b'\t'), Self(b'|')];

    /// Returns the byte that separates two cells.
    pub fn byte(self) -> u8 {
        self.0
    }
}

impl TryFrom<String> for Delimiter {
    type Error = InvalidDelimiter;

    fn try_from(text: String) -> Result<Self, InvalidDelimiter> {
        match text.as_bytes() {
            // `'\t'` in TOML is a backslash and a `t`.
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
    fn accepts_one_ascii_character_that_is_not_part_of_words_or_quotes() {
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
