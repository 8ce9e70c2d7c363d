//! Text encodings, by the names of the WHATWG Encoding Standard.

use std::fmt;

use encoding_rs::{Encoding, REPLACEMENT, UTF_8, UTF_16BE, UTF_16LE, X_USER_DEFINED};
use serde::{Deserialize, Serialize};

/// A text encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Charset(&'static Encoding);

/// The error for a name that is not a [`Charset`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a known encoding")]
pub struct InvalidCharset(String);

/// Names that people and tools use, but the standard does not know.
const ALIASES: [(&str, &str); 6] = [
    ("cp932", "shift_jis"),
    ("eucjp", "euc-jp"),
    ("latin-1", "windows-1252"),
    ("latin-9", "iso-8859-15"),
    ("utf-8-sig", "utf-8"),
    ("utf-8-bom", "utf-8"),
];

impl Charset {
    /// UTF-8.
    pub const UTF_8: Self = Self(UTF_8);

    /// The most common names, for messages that list some.
    pub const USUAL: [&str; 14] = [
        "utf-8",
        "utf-16",
        "utf-16le",
        "utf-16be",
        "shift_jis",
        "cp932",
        "euc-jp",
        "iso-2022-jp",
        "windows-1252",
        "windows-1250",
        "windows-1251",
        "iso-8859-1",
        "iso-8859-2",
        "iso-8859-15",
    ];

    pub(crate) fn of(encoding: &'static Encoding) -> Self {
        Self(encoding)
    }

    /// Returns the encoding with this name, in any case.
    pub fn named(name: &str) -> Result<Self, InvalidCharset> {
        let plain = name.trim().to_ascii_lowercase();
        let label = ALIASES.iter().find(|(alias, _)| *alias == plain).map_or(plain.as_str(), |(_, of)| of);
        match Encoding::for_label(label.as_bytes()) {
            Some(encoding) if encoding != REPLACEMENT && encoding != X_USER_DEFINED => Ok(Self(encoding)),
            _ => Err(InvalidCharset(name.to_owned())),
        }
    }

    pub(crate) fn encoding(self) -> &'static Encoding {
        self.0
    }

    pub(crate) fn is_utf8(self) -> bool {
        self.0 == UTF_8
    }

    pub(crate) fn is_utf16(self) -> bool {
        self.0 == UTF_16LE || self.0 == UTF_16BE
    }
}

impl TryFrom<String> for Charset {
    type Error = InvalidCharset;

    fn try_from(name: String) -> Result<Self, InvalidCharset> {
        Self::named(&name)
    }
}

impl From<Charset> for String {
    fn from(charset: Charset) -> Self {
        charset.to_string()
    }
}

impl fmt::Display for Charset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_encodings_by_common_names() {
        for (name, charset) in [
            ("utf-8", "UTF-8"),
            ("UTF8", "UTF-8"),
            ("utf-8-sig", "UTF-8"),
            ("utf-16", "UTF-16LE"),
            ("UTF-16BE", "UTF-16BE"),
            ("Shift_JIS", "Shift_JIS"),
            ("cp932", "Shift_JIS"),
            ("windows-31j", "Shift_JIS"),
            (" EUC-JP ", "EUC-JP"),
            ("latin1", "windows-1252"),
            ("iso-8859-1", "windows-1252"),
            ("cp1252", "windows-1252"),
            ("iso-8859-15", "ISO-8859-15"),
            ("macintosh", "macintosh"),
        ] {
            assert_eq!(Charset::named(name).map(|charset| charset.to_string()), Ok(charset.to_owned()));
        }
        for name in ["", "utf-7", "shiftjis2", "replacement", "iso-2022-kr", "x-user-defined", "ebcdic"] {
            assert!(Charset::named(name).is_err(), "{name}");
        }
        assert!(Charset::USUAL.into_iter().all(|name| Charset::named(name).is_ok()));
    }
}
