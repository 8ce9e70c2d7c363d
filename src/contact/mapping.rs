//! A mapping as an export declares it: what each field of a contact is made of, and how.

use serde::{Deserialize, Serialize};

use super::{ConsentMapping, Field, PropertyName};

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// A column of the file.
    Column(String),
    /// The first of these columns that has a value which its field takes.
    FirstOf(Vec<String>),
    /// The same text for every row.
    Constant(String),
    /// A template over columns: `{{ Given }} {{ row["Family name"] }}`.
    Template(String),
}

/// What a value has to be, and what it is turned into.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "type")]
pub enum Kind {
    /// An address that mail can be sent to.
    Email,
    /// A phone number, in E.164.
    Phone {
        /// The country of numbers that do not name theirs: an ISO 3166-1 alpha-2 code.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        region: Option<String>,
    },
    /// Text as it is.
    #[serde(rename = "string")]
    Text,
    /// A country's name; a code becomes its English name.
    Country,
    /// A country's ISO 3166-1 alpha-2 code, of its code or its name in its own and other languages.
    CountryCode,
    /// A day in the past, as `YYYY-MM-DD`.
    Birthdate {
        /// How the cells are written, where that is not plain.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        format: Option<String>,
    },
    /// `m` or `f`, of the words of several languages.
    Gender,
    /// A moment, as RFC 3339; a day is its midnight in UTC.
    Moment {
        /// How the cells are written, where that is not plain.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        format: Option<String>,
    },
    /// A day as `YYYY-MM-DD`, or a moment as RFC 3339.
    Date {
        /// How the cells are written, where that is not plain.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        format: Option<String>,
    },
    /// A number.
    Number {
        /// What stands before the fraction; where it is not said, `1,234` is not guessed at.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        decimal: Option<Decimal>,
    },
    /// Yes or no, in the words of several languages.
    Boolean,
    /// Texts between separators, or a list as JSON and Parquet have it.
    List {
        /// What stands between two of them.
        separator: String,
    },
}

/// What stands before a number's fraction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Decimal {
    /// `1,234.5`
    #[serde(rename = ".")]
    Point,
    /// `1.234,5`
    #[serde(rename = ",")]
    Comma,
}

/// What happens to a row with a cell that its field does not take.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnInvalid {
    /// The contact is sent without the field, and the report counts it.
    #[default]
    DropField,
    /// The row is invalid.
    RejectRow,
}

/// What an empty cell means.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnEmpty {
    /// Nothing is known: Omnisend keeps what it has.
    #[default]
    Skip,
    /// There is nothing: Omnisend is to forget what it has.
    Clear,
}

/// How one value of a contact is made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mapped {
    /// Where it comes from.
    pub from: Source,
    /// What it is turned into.
    #[serde(flatten)]
    pub kind: Kind,
    /// What happens where it cannot be.
    pub on_invalid: OnInvalid,
    /// What an empty cell means.
    pub on_empty: OnEmpty,
}

/// A custom property.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Property {
    /// Its name in Omnisend.
    pub name: PropertyName,
    /// How its value is made.
    #[serde(flatten)]
    pub value: Mapped,
}

/// How a row becomes a contact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mapping {
    /// The e-mail address.
    pub email: Source,
    /// Other fields; never [`Field::Email`], each at most once, in [`Field::ALL`]'s order.
    pub fields: Vec<(Field, Mapped)>,
    /// Custom properties, by name.
    pub properties: Vec<Property>,
    /// Which rows are part of the segment: an expression over columns. The others are counted as filtered.
    #[serde(rename = "where", default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
    /// Leaves an address's upper case as it is. Omnisend's older documents call addresses case-sensitive.
    pub keep_email_case: bool,
    /// Has Omnisend send its welcome message to contacts that are new to it.
    pub send_welcome_message: bool,
    /// Which columns say what people consented to.
    #[serde(default, skip_serializing_if = "ConsentMapping::is_empty")]
    pub consent: ConsentMapping,
}

impl Mapped {
    /// A column turned into something, with the defaults for all else.
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
    /// What a field takes unless the export says more.
    pub fn of(field: Field) -> Self {
        match field {
            Field::Email => Self::Email,
            Field::Phone => Self::Phone { region: None },
            Field::Country => Self::Country,
            Field::CountryCode => Self::CountryCode,
            Field::Birthdate => Self::Birthdate { format: None },
            Field::Gender => Self::Gender,
            Field::CreatedAt => Self::Moment { format: None },
            Field::FirstName
            | Field::LastName
            | Field::Address
            | Field::City
            | Field::State
            | Field::PostalCode => Self::Text,
        }
    }

    /// Whether there is a value that says "nothing" which Omnisend documents: an empty text, or an empty list.
    pub fn can_be_cleared(&self) -> bool {
        matches!(self, Self::Text | Self::Country | Self::List { .. })
    }
}
