//! What a cell becomes in each field. Every function takes a trimmed cell that is not empty.

use std::borrow::Cow;

use email_address::{EmailAddress, Options};
use jiff::{Timestamp, civil};
use rust_iso3166::{from_alpha2, from_alpha3};

use super::{Field, PropertyKind, Value};

/// The longest address that mail can be sent to, in bytes (RFC 5321, 4.5.3.1.3, less the angle brackets).
const MAX_EMAIL: usize = 254;

/// E.164: a country code and a number, at most 15 digits together. Fewer than 7 reach nobody abroad.
const PHONE_DIGITS: std::ops::RangeInclusive<usize> = 7..=15;

/// An address that mail can be sent to, in lower case unless `keep_case`.
///
/// Stricter than RFC 5322 where senders are: a domain with a dot, no display name, no quoted local part.
pub(super) fn email(cell: &str, keep_case: bool) -> Option<Cow<'_, str>> {
    let options = Options::default().with_required_tld().without_display_text().without_domain_literal();
    if cell.len() > MAX_EMAIL || cell.starts_with('"') {
        return None;
    }
    EmailAddress::parse_with_options(cell, options).ok()?;
    let is_lower = cell.bytes().all(|b| b.is_ascii() && !b.is_ascii_uppercase());
    Some(if keep_case || is_lower { Cow::Borrowed(cell) } else { Cow::Owned(cell.to_lowercase()) })
}

/// A phone number in E.164, without the spaces and signs that people write into it.
pub(super) fn phone(cell: &str) -> Option<Cow<'_, str>> {
    let plain: Cow<'_, str> = if cell.bytes().all(|b| b == b'+' || b.is_ascii_digit()) {
        Cow::Borrowed(cell)
    } else {
        Cow::Owned(cell.chars().filter(|c| !matches!(c, ' ' | '-' | '.' | '(' | ')' | '\u{a0}')).collect())
    };
    let digits = plain.strip_prefix('+')?;
    let fits = PHONE_DIGITS.contains(&digits.len())
        && digits.bytes().all(|b| b.is_ascii_digit())
        && !digits.starts_with('0');
    fits.then_some(plain)
}

/// A field's value, or `None` where the API would not take the cell.
pub(super) fn field(field: Field, cell: &str) -> Option<Value<'_>> {
    let text = match field {
        Field::Email => email(cell, false)?,
        Field::Phone => phone(cell)?,
        Field::CountryCode => Cow::Borrowed(country_code(cell)?),
        Field::Birthdate => birthdate(cell)?,
        Field::Gender => Cow::Borrowed(gender(cell)?),
        Field::CreatedAt => Cow::Owned(moment(cell)?.to_string()),
        Field::FirstName
        | Field::LastName
        | Field::Address
        | Field::City
        | Field::State
        | Field::PostalCode
        | Field::Country => Cow::Borrowed(cell),
    };
    Some(Value::Text(text))
}

/// A custom property's value, or `None` where the cell is not of its type.
pub(super) fn property<'a>(kind: &PropertyKind, cell: &'a str) -> Option<Value<'a>> {
    match kind {
        PropertyKind::String => Some(Value::Text(Cow::Borrowed(cell))),
        PropertyKind::Number => number(cell).map(Value::Number),
        PropertyKind::Boolean => boolean(cell).map(Value::Boolean),
        PropertyKind::Date => date(cell).map(|date| Value::Text(Cow::Owned(date))),
        PropertyKind::List { separator } => Some(Value::List(
            cell.split(separator.as_str()).map(str::trim).filter(|t| !t.is_empty()).collect(),
        )),
    }
}

fn country_code(cell: &str) -> Option<&'static str> {
    let code = cell.to_ascii_uppercase();
    match code.len() {
        2 => from_alpha2(&code).map(|country| country.alpha2),
        3 => from_alpha3(&code).map(|country| country.alpha2),
        _ => None,
    }
}

/// `YYYY-MM-DD`, also with slashes, and of a date and time its date.
fn birthdate(cell: &str) -> Option<Cow<'_, str>> {
    let date = cell.parse::<civil::Date>().ok().or_else(|| civil::Date::strptime("%Y/%m/%d", cell).ok())?;
    let text = date.to_string();
    Some(if text == cell { Cow::Borrowed(cell) } else { Cow::Owned(text) })
}

fn gender(cell: &str) -> Option<&'static str> {
    let is = |words: [&str; 2]| words.iter().any(|word| cell.eq_ignore_ascii_case(word));
    if is(["m", "male"]) {
        Some("m")
    } else if is(["f", "female"]) {
        Some("f")
    } else {
        None
    }
}

/// A moment: a date and time with its offset, or a date, which is taken as its midnight in UTC.
fn moment(cell: &str) -> Option<Timestamp> {
    if let Ok(moment) = cell.parse::<Timestamp>() {
        return Some(moment);
    }
    let midnight = civil::Date::strptime("%Y-%m-%d", cell).ok()?.at(0, 0, 0, 0);
    jiff::tz::Offset::UTC.to_timestamp(midnight).ok()
}

/// `YYYY-MM-DD` for a date, RFC 3339 for a moment.
fn date(cell: &str) -> Option<String> {
    if let Ok(moment) = cell.parse::<Timestamp>() {
        return Some(moment.to_string());
    }
    civil::Date::strptime("%Y-%m-%d", cell).ok().map(|date| date.to_string())
}

/// A finite number. Whole ones stay exact to 64 bits.
fn number(cell: &str) -> Option<serde_json::Number> {
    if let Ok(whole) = cell.parse::<i64>() {
        return Some(whole.into());
    }
    // `f64` also parses `inf` and `NaN`, which JSON has no way to say; `from_f64` refuses those.
    serde_json::Number::from_f64(cell.parse::<f64>().ok()?)
}

fn boolean(cell: &str) -> Option<bool> {
    let is = |words: [&str; 5]| words.iter().any(|word| cell.eq_ignore_ascii_case(word));
    if is(["true", "yes", "y", "t", "1"]) {
        Some(true)
    } else if is(["false", "no", "n", "f", "0"]) {
        Some(false)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(value: Option<Value<'_>>) -> Option<String> {
        value.map(|value| serde_json::to_string(&value).unwrap())
    }

    #[test]
    fn an_address_is_lower_cased_unless_its_case_is_kept() {
        assert_eq!(email("Ada.L+news@Example.COM", false).as_deref(), Some("ada.l+news@example.com"));
        assert_eq!(email("Ada.L+news@Example.COM", true).as_deref(), Some("Ada.L+news@Example.COM"));
        assert_eq!(email("jörg@müller.example", false).as_deref(), Some("jörg@müller.example"));
    }

    #[test]
    fn what_mail_cannot_be_sent_to_is_no_address() {
        let long = format!("{}@example.com", "x".repeat(65));
        for cell in [
            "a",
            "a@",
            "@b.co",
            "a@b",
            "a b@c.co",
            "a@b..co",
            "a@.co",
            "a@b.co.",
            "a@@b.co",
            "Ada <a@b.co>",
            "\"a b\"@c.co",
            "a@[127.0.0.1]",
            "a@b.co,c@d.co",
            "a.@b.co",
            ".a@b.co",
            "a..b@c.co",
            "a@b_c.co\u{0}",
            &long,
        ] {
            assert_eq!(email(cell, false), None, "{cell}");
        }
    }

    #[test]
    fn a_phone_is_e164() {
        assert_eq!(phone("+81 3-1234-5678").as_deref(), Some("+81312345678"));
        assert_eq!(phone("+1 (202) 555.0123").as_deref(), Some("+12025550123"));
        for cell in ["03-1234-5678", "+0123456789", "+123", "+1234567890123456", "+44 20 x123", "tel"] {
            assert_eq!(phone(cell), None, "{cell}");
        }
    }

    #[test]
    fn fields_are_what_the_api_takes() {
        for (of, cell, value) in [
            (Field::CountryCode, "jp", Some("\"JP\"")),
            (Field::CountryCode, "DEU", Some("\"DE\"")),
            (Field::CountryCode, "XX", None),
            (Field::CountryCode, "Japan", None),
            (Field::Birthdate, "1990-02-28", Some("\"1990-02-28\"")),
            (Field::Birthdate, "1990/02/08", Some("\"1990-02-08\"")),
            (Field::Birthdate, "1990-02-28T00:00:00", Some("\"1990-02-28\"")),
            (Field::Birthdate, "1990-02-30", None),
            (Field::Birthdate, "28.02.1990", None),
            (Field::Gender, "Female", Some("\"f\"")),
            (Field::Gender, "M", Some("\"m\"")),
            (Field::Gender, "x", None),
            (Field::CreatedAt, "2024-05-06T07:08:09+09:00", Some("\"2024-05-05T22:08:09Z\"")),
            (Field::CreatedAt, "2024-05-06", Some("\"2024-05-06T00:00:00Z\"")),
            (Field::CreatedAt, "yesterday", None),
            (Field::City, "Köln", Some("\"Köln\"")),
        ] {
            assert_eq!(text(field(of, cell)).as_deref(), value, "{of:?} {cell}");
        }
    }

    #[test]
    fn properties_are_of_their_type() {
        let list = PropertyKind::List { separator: ";".to_owned() };
        for (kind, cell, value) in [
            (&PropertyKind::String, "007", Some("\"007\"")),
            (&PropertyKind::Number, "007", Some("7")),
            (&PropertyKind::Number, "9007199254740993", Some("9007199254740993")),
            (&PropertyKind::Number, "-12.50", Some("-12.5")),
            (&PropertyKind::Number, "1,5", None),
            (&PropertyKind::Number, "inf", None),
            (&PropertyKind::Number, "NaN", None),
            (&PropertyKind::Boolean, "Yes", Some("true")),
            (&PropertyKind::Boolean, "0", Some("false")),
            (&PropertyKind::Boolean, "maybe", None),
            (&PropertyKind::Date, "2024-02-29", Some("\"2024-02-29\"")),
            (&PropertyKind::Date, "2024-02-29T10:00:00Z", Some("\"2024-02-29T10:00:00Z\"")),
            (&PropertyKind::Date, "29/02/2024", None),
            (&list, "red; green ;;blue", Some("[\"red\",\"green\",\"blue\"]")),
        ] {
            assert_eq!(text(property(kind, cell)).as_deref(), value, "{kind:?} {cell}");
        }
    }

    proptest! {
        #[test]
        fn nothing_panics_and_a_result_normalises_to_itself(cell in "\\PC{1,40}") {
            for of in Field::ALL {
                if let Some(Value::Text(once)) = field(of, cell.trim()) {
                    prop_assert_eq!(field(of, &once), Some(Value::Text(once.clone())), "{:?}", of);
                }
            }
        }
    }
}
