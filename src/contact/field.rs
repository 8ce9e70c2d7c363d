//! The fields of an Omnisend contact.

use serde::{Deserialize, Serialize};

/// Declares [`Field`] from one table, so that a field without one of its names does not compile.
macro_rules! fields {
    ($($(#[$doc:meta])* $field:ident = $code:literal, $key:literal, $wire_key:literal;)+) => {
        /// An Omnisend contact field that a column can be mapped to.
        ///
        /// The number of a field is its code in a [`ContactHash`](super::ContactHash), which is stored: never change
        /// or reuse one.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[repr(u8)]
        pub enum Field {
            $($(#[$doc])* #[serde(rename = $key)] $field = $code,)+
        }

        impl Field {
            /// Every field, in the order in which a contact is written.
            pub const ALL: [Self; [$($key),+].len()] = [$(Self::$field),+];

            /// Returns the field's key in an export's `[fields]`.
            pub fn key(self) -> &'static str {
                match self { $(Self::$field => $key,)+ }
            }

            /// Returns the field's key in a contact of the API. Email and phone are identifiers there, not fields.
            pub(super) fn wire_key(self) -> &'static str {
                match self { $(Self::$field => $wire_key,)+ }
            }
        }
    };
}

// Variant = code in the contact hash, key in `[fields]`, key in the API.
fields! {
    /// The email address, which identifies a contact. The only required field.
    Email = 1, "email", "email";
    /// A phone number in E.164.
    Phone = 2, "phone", "phone";
    FirstName = 3, "first_name", "firstName";
    LastName = 4, "last_name", "lastName";
    /// The street address.
    Address = 5, "address", "address";
    City = 6, "city", "city";
    /// The state, province or prefecture.
    State = 7, "state", "state";
    PostalCode = 8, "postal_code", "postalCode";
    /// The country's name.
    Country = 9, "country", "country";
    /// The country's ISO 3166-1 alpha-2 code. Omnisend prefers it to `country`.
    CountryCode = 10, "country_code", "countryCode";
    Birthdate = 11, "birthdate", "birthdate";
    /// `m` or `f`.
    Gender = 12, "gender", "gender";
    /// When the contact was created.
    CreatedAt = 13, "created_at", "createdAt";
}
