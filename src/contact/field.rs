//! The fields of an Omnisend contact.

use serde::{Deserialize, Serialize};

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
