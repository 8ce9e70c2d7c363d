//! A mapping as an export declares it: how the fields of a contact are made from a row.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::{
    consent::ConsentMapping,
    field::Field,
    policy::{OnEmpty, OnInvalid},
    value::Value,
};
use crate::contact::property_and_tag::PropertyName;

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    Column(String),
    /// The first of these columns with a valid value.
    FirstOf(Vec<String>),
    /// The same text for every row.
    Constant(String),
    /// A template over columns: `{{ Given }} {{ row["Family name"] }}`.
    Template(String),
}

/// The kind of a value: which cells are valid, and how they are normalised.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "type")]
pub enum Kind {
    Email,
    /// A phone number, in E.164.
    Phone {
        /// The country of numbers without a country code, as an ISO 3166-1 alpha-2 code.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        region: Option<String>,
    },
    /// Text as it is.
    #[serde(rename = "string")]
    Text,
    /// A postal code: text, without the `.0` with which data frames write whole numbers.
    PostalCode,
    /// A country's name. A code is replaced with the English name.
    Country,
    /// A country's ISO 3166-1 alpha-2 code, from a code or from a name in one of several languages.
    CountryCode,
    /// A past day, as `YYYY-MM-DD`.
    Birthdate {
        /// The format of the cells, if it is not one of the known formats.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        format: Option<String>,
    },
    /// `m` or `f`, from words in several languages.
    Gender,
    /// A timestamp, as RFC 3339. A day counts from its midnight in UTC.
    Moment {
        /// The format of the cells, if it is not one of the known formats.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        format: Option<String>,
    },
    /// A day as `YYYY-MM-DD`, or a timestamp as RFC 3339.
    Date {
        /// The format of the cells, if it is not one of the known formats.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        format: Option<String>,
    },
    Number {
        /// The decimal sign. If it is not set, an ambiguous number such as `1,234` or `1.234` is invalid.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        decimal: Option<Decimal>,
    },
    /// True or false, from words for yes and no in several languages.
    Boolean,
    /// Text with separators, an array as text, or a list as in JSON and Parquet.
    List {
        separator: String,
    },
}

/// A number's decimal sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Decimal {
    /// `1,234.5`
    #[serde(rename = ".")]
    Point,
    /// `1.234,5`
    #[serde(rename = ",")]
    Comma,
}

/// How one value of a contact is made from a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mapped {
    pub from: Source,
    #[serde(flatten)]
    pub kind: Kind,
    pub on_invalid: OnInvalid,
    pub on_empty: OnEmpty,
}

/// A custom property, and how its value is made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Property {
    pub name: PropertyName,
    #[serde(flatten)]
    pub value: Mapped,
}

/// How a row becomes a contact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mapping {
    pub email: Source,
    /// The other fields, without [`Field::Email`], each at most once, in the order of [`Field::ALL`].
    pub fields: Vec<(Field, Mapped)>,
    /// Custom properties, by name.
    pub properties: Vec<Property>,
    /// An expression over columns that is true for the rows of the segment. Other rows are counted as filtered.
    #[serde(rename = "where", default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
    /// Whether addresses keep their upper case. Omnisend's older documentation calls addresses case-sensitive.
    pub keep_email_case: bool,
    /// Whether Omnisend sends its welcome message to new contacts.
    pub send_welcome_message: bool,
    #[serde(default, skip_serializing_if = "ConsentMapping::is_empty")]
    pub consent: ConsentMapping,
}

impl Mapping {
    /// Returns how each field and custom property is made, except the email address.
    pub(super) fn values(&self) -> impl Iterator<Item = &Mapped> {
        let fields = self.fields.iter().map(|(_, mapped)| mapped);
        fields.chain(self.properties.iter().map(|property| &property.value))
    }

    /// Returns where each value comes from, the email address first.
    pub(super) fn sources(&self) -> impl Iterator<Item = &Source> {
        std::iter::once(&self.email).chain(self.values().map(|mapped| &mapped.from))
    }
}

impl Mapped {
    /// Returns a column converted to a kind, with defaults for the rest.
    pub fn column(name: &str, kind: Kind) -> Self {
        Self {
            from: Source::Column(name.to_owned()),
            kind,
            on_invalid: OnInvalid::default(),
            on_empty: OnEmpty::default(),
        }
    }
}

impl Kind {
    /// Returns the kind of a field, before an export's settings.
    pub fn of(field: Field) -> Self {
        match field {
            Field::Email => Self::Email,
            Field::Phone => Self::Phone { region: None },
            Field::Country => Self::Country,
            Field::CountryCode => Self::CountryCode,
            Field::Birthdate => Self::Birthdate { format: None },
            Field::Gender => Self::Gender,
            Field::CreatedAt => Self::Moment { format: None },
            Field::FirstName | Field::LastName | Field::Address | Field::City | Field::State => Self::Text,
            Field::PostalCode => Self::PostalCode,
        }
    }

    /// Returns the value that clears a field in Omnisend: an empty text or list. Omnisend documents none for the other
    /// kinds.
    pub(super) fn cleared(&self) -> Option<Value<'static>> {
        match self {
            Self::Text | Self::PostalCode | Self::Country => Some(Value::Text(Cow::Borrowed(""))),
            Self::List { .. } => Some(Value::List(Vec::new())),
            _ => None,
        }
    }

    /// Whether Omnisend documents a value that clears such a field.
    pub fn can_be_cleared(&self) -> bool {
        self.cleared().is_some()
    }
}
