//! Names with a restricted syntax: custom properties and tags.

use serde::{Deserialize, Serialize};

/// The name of a custom property: `[A-Za-z0-9_]{1,128}`, as Omnisend's API requires.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PropertyName(String);

/// A tag: 1 to 128 letters and digits of any script, spaces, `_`, `-` and `:`, without white space at either end.
/// Omnisend's plugin and its own tags use the ASCII characters; Omnisend is not known to reject other scripts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Tag(String);

/// Why a text is not a valid name or tag.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidText {
    #[error("`{0}` is not a valid custom property name; use 1 to 128 of A-Z, a-z, 0-9 and `_`")]
    Property(String),
    #[error("`{0}` is not a valid tag; use 1 to 128 letters, digits, spaces, `_`, `-` and `:`")]
    Tag(String),
}

/// The maximum length of a property name or a tag, in characters.
const MAX_CHARS: usize = 128;

impl TryFrom<String> for PropertyName {
    type Error = InvalidText;

    fn try_from(text: String) -> Result<Self, InvalidText> {
        let fits = (1..=MAX_CHARS).contains(&text.len());
        if fits && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
            Ok(Self(text))
        } else {
            Err(InvalidText::Property(text))
        }
    }
}

impl TryFrom<String> for Tag {
    type Error = InvalidText;

    fn try_from(text: String) -> Result<Self, InvalidText> {
        let fits = (1..=MAX_CHARS).contains(&text.chars().count()) && text.trim() == text;
        if fits && text.chars().all(|c| c.is_alphanumeric() || " _-:".contains(c)) {
            Ok(Self(text))
        } else {
            Err(InvalidText::Tag(text))
        }
    }
}

impl PropertyName {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Tag {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<PropertyName> for String {
    fn from(name: PropertyName) -> Self {
        name.0
    }
}

impl From<Tag> for String {
    fn from(tag: Tag) -> Self {
        tag.0
    }
}
