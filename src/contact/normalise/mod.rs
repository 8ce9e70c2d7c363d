//! Converts cells to values: dates, phone numbers, countries and so on.

mod country;
mod date;
mod email;
mod kind;
mod list;
mod number;
mod phone;
mod plain;
mod words;

#[cfg(feature = "cli")]
pub(crate) use self::country::code as country_code;
pub(super) use self::email::email;
pub use self::phone::is_region;
