//! A mapping as an export declares it: Omnisend field = column of the file.

use serde::{Deserialize, Serialize};

use super::ConsentMapping;

/// An Omnisend contact field that a column can be mapped to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// The e-mail address, by which contacts are told apart. The one that is required.
    Email,
    /// A phone number in E.164.
    Phone,
    /// First name.
    FirstName,
    /// Last name.
    LastName,
    /// Street address.
    Address,
    /// City.
    City,
    /// State, province or prefecture.
    State,
    /// Postal code.
    PostalCode,
    /// The country's name.
    Country,
    /// ISO 3166-1 alpha-2 code; wins over `country` in Omnisend.
    CountryCode,
    /// Date of birth.
    Birthdate,
    /// `m` or `f`.
    Gender,
    /// When the contact came to be.
    CreatedAt,
}

impl Field {
    /// Every field, in the order in which a contact is written.
    pub const ALL: [Self; 13] = [
        Self::Email,
        Self::Phone,
        Self::FirstName,
        Self::LastName,
        Self::Address,
        Self::City,
        Self::State,
        Self::PostalCode,
        Self::Country,
        Self::CountryCode,
        Self::Birthdate,
        Self::Gender,
        Self::CreatedAt,
    ];

    /// The field's key in an export's `[fields]`.
    pub fn key(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Phone => "phone",
            Self::FirstName => "first_name",
            Self::LastName => "last_name",
            Self::Address => "address",
            Self::City => "city",
            Self::State => "state",
            Self::PostalCode => "postal_code",
            Self::Country => "country",
            Self::CountryCode => "country_code",
            Self::Birthdate => "birthdate",
            Self::Gender => "gender",
            Self::CreatedAt => "created_at",
        }
    }
}

/// What a custom property's cells are turned into.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "type")]
pub enum PropertyKind {
    /// The text as it is, without white space around it.
    String,
    /// A number.
    Number,
    /// `true`, `yes`, `1` … or `false`, `no`, `0` …
    Boolean,
    /// A date, or a date and time, sent as `YYYY-MM-DD` or RFC 3339.
    Date,
    /// Texts between separators.
    List {
        /// What stands between two of them.
        separator: String,
    },
}

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

/// A custom property and the column it comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Property {
    /// Its name in Omnisend.
    pub name: PropertyName,
    /// The file's column.
    pub column: String,
    /// What its cells are turned into.
    #[serde(flatten)]
    pub kind: PropertyKind,
}

/// How a row becomes a contact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mapping {
    /// The e-mail column.
    pub email: String,
    /// Other fields and their columns; never [`Field::Email`], each at most once, in [`Field::ALL`]'s order.
    pub fields: Vec<(Field, String)>,
    /// Custom properties, by name.
    pub properties: Vec<Property>,
    /// Leaves an address's upper case as it is. Omnisend's older documents call addresses case-sensitive.
    pub keep_email_case: bool,
    /// Has Omnisend send its welcome message to contacts that are new to it.
    pub send_welcome_message: bool,
    /// Which columns say what people consented to.
    #[serde(default, skip_serializing_if = "ConsentMapping::is_empty")]
    pub consent: ConsentMapping,
}
