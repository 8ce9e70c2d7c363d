//! Converts cells to the values of each kind.
//!
//! Every function takes trimmed text that is not empty, and is idempotent: it returns its own result unchanged.

use std::borrow::Cow;

use jiff::civil::Date;

use super::{country, date, email::email, list, number, phone, words};
use crate::contact::{clean::clean, invalid_cell::InvalidCell, mapping::Kind, value::Value};

impl Kind {
    /// Returns the value of a cell. No birthdate is later than `today`.
    pub(in crate::contact) fn value<'a>(&self, cell: &'a str, today: Date) -> Result<Value<'a>, InvalidCell> {
        self.cleaned_value(clean(cell), today)
    }

    /// Returns the value of a cell that is clean.
    #[inline]
    pub(in crate::contact) fn cleaned_value<'a>(
        &self,
        cell: Cow<'a, str>,
        today: Date,
    ) -> Result<Value<'a>, InvalidCell> {
        match cell {
            Cow::Borrowed(cell) => self.read(cell, today),
            Cow::Owned(cell) => self.read(&cell, today).map(Value::into_owned),
        }
    }

    fn read<'a>(&self, cell: &'a str, today: Date) -> Result<Value<'a>, InvalidCell> {
        let text = match self {
            Self::Text => Cow::Borrowed(cell),
            Self::PostalCode => Cow::Borrowed(without_fraction(cell)),
            Self::Email => email(cell, false)?,
            Self::Phone { region } => phone::phone(cell, region.as_deref())?,
            Self::Country => country::name(cell),
            Self::CountryCode => Cow::Borrowed(country::code(cell).ok_or(InvalidCell::Country)?),
            Self::Birthdate { format } => date::birthdate(cell, format.as_deref(), today)?,
            Self::Gender => Cow::Borrowed(words::gender(cell).ok_or(InvalidCell::Gender)?),
            Self::Moment { format } => Cow::Owned(date::timestamp(cell, format.as_deref())?.to_string()),
            Self::Date { format } => Cow::Owned(date::date(cell, format.as_deref())?),
            Self::Number { decimal } => return Ok(Value::Number(number::number(cell, *decimal)?)),
            Self::Boolean => return words::boolean(cell).map(Value::Boolean).ok_or(InvalidCell::Boolean),
            Self::List { separator } => {
                return list::list(cell, separator).map(Value::List);
            }
        };
        Ok(Value::Text(text))
    }

    /// Checks that a text is valid for the kind.
    pub fn check(&self, text: &str) -> Result<(), InvalidCell> {
        self.value(text, Date::MAX).map(drop)
    }

    /// Returns the value of a cell that is a list, as in JSON and Parquet.
    pub(in crate::contact) fn of_list<'a>(
        &self,
        list: &'a [String],
        today: Date,
    ) -> Result<Value<'a>, InvalidCell> {
        match (self, list) {
            (Self::List { .. }, list) => {
                let items = list.iter().map(|item| clean(item.trim())).filter(|item| !item.is_empty());
                Ok(Value::List(items.collect()))
            }
            (_, [one]) if !one.trim().is_empty() => self.value(one.trim(), today),
            (Self::Text, list) => Ok(Value::Text(Cow::Owned(list.join(", ")))),
            _ => Err(InvalidCell::List),
        }
    }
}

/// Removes the `.0` with which data frames write whole numbers.
fn without_fraction(code: &str) -> &str {
    let whole = code.strip_suffix(".0").filter(|whole| !whole.is_empty());
    whole.filter(|whole| whole.bytes().all(|b| b.is_ascii_digit())).unwrap_or(code)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TODAY: Date = jiff::civil::date(2026, 11, 25);

    fn kinds() -> Vec<Kind> {
        vec![
            Kind::Email,
            Kind::Phone { region: None },
            Kind::Phone { region: Some("JP".to_owned()) },
            Kind::Phone { region: Some("DE".to_owned()) },
            Kind::Text,
            Kind::PostalCode,
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
    fn removes_excels_text_mark() {
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
            (Kind::PostalCode, "=\"01067\"", "\"01067\""),
            (Kind::PostalCode, "90210.0", "\"90210\""),
            (Kind::PostalCode, "SW1A 1AA", "\"SW1A 1AA\""),
            (Kind::Text, "3.0", "\"3.0\""),
            (Kind::Email, "=\"ada@example.com\"", "\"ada@example.com\""),
            (Kind::Number { decimal: None }, "\u{a0}12.5\u{200b}", "12.5"),
        ] {
            assert_eq!(of(&kind, cell).as_deref(), Ok(found), "{cell}");
        }
    }

    #[test]
    fn reads_lists_and_single_item_lists() {
        let list = |items: &[&str]| items.iter().map(|item| (*item).to_owned()).collect::<Vec<_>>();
        let of = |kind: &Kind, items: &[&str]| {
            kind.of_list(&list(items), TODAY).map(|value| serde_json::to_string(&value).unwrap())
        };
        let likes = Kind::List { separator: ",".to_owned() };
        assert_eq!(of(&likes, &["red, warm", " ", "green "]).unwrap(), r#"["red, warm","green"]"#);
        assert_eq!(of(&Kind::Text, &["a", "b"]).unwrap(), r#""a, b""#);
        assert_eq!(of(&Kind::Number { decimal: None }, &["7"]).unwrap(), "7");
        assert_eq!(of(&Kind::Boolean, &["yes", "no"]), Err(InvalidCell::List));
    }

    proptest! {
        #[test]
        fn normalising_is_idempotent_and_never_panics(
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
