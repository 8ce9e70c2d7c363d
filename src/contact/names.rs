//! Names that Omnisend restricts: custom properties and tags.

use serde::{Deserialize, Serialize};

/// A custom property's name: `[A-Za-z0-9_]{1,128}`, as Omnisend's API demands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PropertyName(String);

/// A tag: at most 128 of `[A-Za-z0-9_\- :]`, the characters that Omnisend's plugin and its own tags use, and
/// letters of any script, which Omnisend has not been seen to refuse.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Tag(String);

/// Why a text cannot be a property's name or a tag.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidText {
    /// Not a property's name.
    #[error("`{0}` is not a custom property name: use 1 to 128 of A-Z, a-z, 0-9 and `_`")]
    Property(String),
    /// Not a tag.
    #[error("`{0}` is not a tag: use 1 to 128 letters, digits, spaces, `_`, `-` and `:`")]
    Tag(String),
}

/// The longest property name or tag, in characters.
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
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Tag {
    /// The tag as text.
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
