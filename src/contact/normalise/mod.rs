//! What a cell becomes in each field. Every function takes a text without white space around it that is not empty,
//! and what it returns it would return again.

mod country;
mod date;
mod email;
mod number;
mod phone;
mod plain;
mod words;

use std::borrow::Cow;

use jiff::civil::Date;

#[cfg(feature = "cli")]
pub(crate) use self::country::code as country_code;
pub(super) use self::email::email;
pub use self::{date::check_format, phone::is_region};
use super::{Kind, Value};

/// Why a field does not take a cell. Never quotes the cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum Flaw {
    /// No e-mail address.
    #[error("not an e-mail address that mail can be sent to")]
    Email,
    /// No phone number.
    #[error("not a phone number")]
    Phone,
    /// A phone number as it is dialled within a country that nobody named.
    #[error("a phone number without its country; say `region`, or `default_region` for all")]
    PhoneWithoutRegion,
    /// No country.
    #[error("not a country's name or code")]
    Country,
    /// No date.
    #[error("not a date in a known order; say `format`")]
    Date,
    /// `02/03/1990`.
    #[error("a date whose day and month could be either way round; say `format`")]
    AmbiguousDate,
    /// `28.02.90`.
    #[error("a date with a year of two digits; say `format`")]
    TwoDigitYear,
    /// Not as the export's `format` has it.
    #[error("not written as `format` says")]
    Format,
    /// A birthdate that nobody alive has.
    #[error("a birthdate in the future, or before 1880")]
    Birthdate,
    /// Neither of the two.
    #[error("not a word for male or female")]
    Gender,
    /// No number.
    #[error("not a number")]
    Number,
    /// `1,234`.
    #[error("a comma that could stand before a fraction or between thousands; say `decimal`")]
    AmbiguousNumber,
    /// Neither yes nor no.
    #[error("not a word for yes or no")]
    Boolean,
    /// Several values for a field that takes one.
    #[error("a list, where one value was expected")]
    List,
    /// The template could not be filled in.
    #[error("the template does not work on the row")]
    Template,
}

impl Flaw {
    /// Every one.
    pub(super) const ALL: [Self; 15] = [
        Self::Email,
        Self::Phone,
        Self::PhoneWithoutRegion,
        Self::Country,
        Self::Date,
        Self::AmbiguousDate,
        Self::TwoDigitYear,
        Self::Format,
        Self::Birthdate,
        Self::Gender,
        Self::Number,
        Self::AmbiguousNumber,
        Self::Boolean,
        Self::List,
        Self::Template,
    ];
}

impl Kind {
    /// What a cell becomes. `today` is the last day that a birthdate can be.
    pub(super) fn value<'a>(&self, cell: &'a str, today: Date) -> Result<Value<'a>, Flaw> {
        let cell = without_text_mark(cell);
        let text = match self {
            Self::Text => Cow::Borrowed(cell),
            Self::Email => email(cell, false)?,
            Self::Phone { region } => phone::phone(cell, region.as_deref())?,
            Self::Country => country::name(cell),
            Self::CountryCode => Cow::Borrowed(country::code(cell).ok_or(Flaw::Country)?),
            Self::Birthdate { format } => date::birthdate(cell, format.as_deref(), today)?,
            Self::Gender => Cow::Borrowed(words::gender(cell).ok_or(Flaw::Gender)?),
            Self::Moment { format } => Cow::Owned(date::moment(cell, format.as_deref())?.to_string()),
            Self::Date { format } => Cow::Owned(date::date(cell, format.as_deref())?),
            Self::Number { decimal } => return Ok(Value::Number(number::number(cell, *decimal)?)),
            Self::Boolean => return words::boolean(cell).map(Value::Boolean).ok_or(Flaw::Boolean),
            Self::List { separator } => {
                let items = cell.split(separator.as_str()).map(str::trim).filter(|item| !item.is_empty());
                return Ok(Value::List(items.map(Cow::Borrowed).collect()));
            }
        };
        Ok(Value::Text(text))
    }

    /// Whether a text is one that the kind takes.
    pub fn check(&self, text: &str) -> Result<(), Flaw> {
        self.value(text, Date::MAX).map(drop)
    }

    /// What a cell becomes that is a list already.
    pub(super) fn of_list<'a>(&self, list: &'a [String], today: Date) -> Result<Value<'a>, Flaw> {
        match (self, list) {
            (Self::List { .. }, list) => {
                let items = list.iter().map(|item| item.trim()).filter(|item| !item.is_empty());
                Ok(Value::List(items.map(Cow::Borrowed).collect()))
            }
            (_, [one]) if !one.trim().is_empty() => self.value(one.trim(), today),
            (Self::Text, list) => Ok(Value::Text(Cow::Owned(list.join(", ")))),
            _ => Err(Flaw::List),
        }
    }
}

/// A cell without the `'` that keeps Excel from taking digits for a number: `'+17035550101`, `'02139`. Where anything
/// else follows it belongs to the text, as in `'t Hooft`.
fn without_text_mark(cell: &str) -> &str {
    let is_digits = |rest: &&str| {
        rest.bytes().any(|b| b.is_ascii_digit())
            && rest.bytes().all(|b| b.is_ascii_digit() || b"+-.,() ".contains(&b))
    };
    cell.strip_prefix('\'').filter(is_digits).map_or(cell, str::trim)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TODAY: Date = jiff::civil::date(2026, 11, 25);

    pub(super) fn kinds() -> Vec<Kind> {
        vec![
            Kind::Email,
            Kind::Phone { region: None },
            Kind::Phone { region: Some("JP".to_owned()) },
            Kind::Phone { region: Some("DE".to_owned()) },
            Kind::Text,
            Kind::Country,
            Kind::CountryCode,
            Kind::Birthdate { format: None },
            Kind::Gender,
            Kind::Moment { format: None },
            Kind::Date { format: None },
            Kind::Number { decimal: None },
            Kind::Boolean,
            Kind::List { separator: ";".to_owned() },
        ]
    }

    #[test]
    fn every_flaw_is_counted_in_a_place_of_its_own() {
        for (at, flaw) in Flaw::ALL.into_iter().enumerate() {
            assert_eq!(flaw as usize, at);
        }
    }

    #[test]
    fn excels_mark_of_a_text_is_no_part_of_it() {
        let of =
            |kind: &Kind, cell| kind.value(cell, TODAY).map(|value| serde_json::to_string(&value).unwrap());
        for (kind, cell, found) in [
            (Kind::Phone { region: None }, "'+17035550101", "\"+17035550101\""),
            (Kind::Phone { region: Some("JP".to_owned()) }, "'090-1234-5678", "\"+819012345678\""),
            (Kind::Text, "'02139", "\"02139\""),
            (Kind::Number { decimal: None }, "'12.5", "12.5"),
            (Kind::Text, "'t Hooft", "\"'t Hooft\""),
            (Kind::Text, "'", "\"'\""),
            (Kind::Text, "''5", "\"''5\""),
        ] {
            assert_eq!(of(&kind, cell).as_deref(), Ok(found), "{cell}");
        }
    }

    #[test]
    fn a_list_is_a_list_or_its_only_value() {
        let list = |items: &[&str]| items.iter().map(|item| (*item).to_owned()).collect::<Vec<_>>();
        let of = |kind: &Kind, items: &[&str]| {
            kind.of_list(&list(items), TODAY).map(|value| serde_json::to_string(&value).unwrap())
        };
        let likes = Kind::List { separator: ",".to_owned() };
        assert_eq!(of(&likes, &["red, warm", " ", "green "]).unwrap(), r#"["red, warm","green"]"#);
        assert_eq!(of(&Kind::Text, &["a", "b"]).unwrap(), r#""a, b""#);
        assert_eq!(of(&Kind::Number { decimal: None }, &["7"]).unwrap(), "7");
        assert_eq!(of(&Kind::Boolean, &["yes", "no"]), Err(Flaw::List));
    }

    proptest! {
        #[test]
        fn nothing_panics_and_a_text_normalises_to_itself(
            cell in prop_oneof!["\\PC{1,40}", "[0-9０-９+()./ー-]{1,20}", "[0-9]{1,4}[-/. ][0-9A-Za-z]{1,3}[-/. ][0-9]{1,4}"]
        ) {
            let cell = cell.trim();
            prop_assume!(!cell.is_empty());
            for kind in kinds() {
                if let Ok(Value::Text(once)) = kind.value(cell, TODAY) {
                    prop_assert!(once == once.trim());
                    prop_assert_eq!(kind.value(&once, TODAY), Ok(Value::Text(once.clone())), "{:?}", kind);
                }
            }
        }
    }
}
