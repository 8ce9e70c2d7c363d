//! What single values must look like. Each check returns the message that a refusal shows.

use std::net::IpAddr;
use std::str::FromStr;

use email_address::EmailAddress;
use jiff::{Timestamp, civil::Date};

/// The longest tag and property name, in characters (published for properties; for tags from the official plugin).
const MAX_NAME: usize = 128;

/// Checks a text, or returns what it must be.
pub(crate) type Check = fn(&str) -> Result<(), &'static str>;

/// Accepts an address whose domain has a dot. Omnisend does not say what it accepts; quotes, domain literals and
/// display names are refused, as mail services do.
pub(crate) fn email(text: &str) -> Result<(), &'static str> {
    let options = email_address::Options::default()
        .with_minimum_sub_domains(2)
        .without_display_text()
        .without_domain_literal();
    let valid = !text.contains('"') && EmailAddress::parse_with_options(text, options).is_ok();
    require(valid, "must be an email address")
}

/// Accepts a phone number in E.164 (published): `+`, then 7 to 15 digits that do not start with 0.
pub(crate) fn phone(text: &str) -> Result<(), &'static str> {
    let valid = text.strip_prefix('+').is_some_and(|digits| {
        (7..=15).contains(&digits.len())
            && digits.bytes().all(|b| b.is_ascii_digit())
            && !digits.starts_with('0')
    });
    require(valid, "must be a phone number in E.164, such as +442071838750")
}

/// Accepts letters of any script, digits, spaces, `_`, `-` and `:`. Undocumented; the choice covers what the official
/// plugin (`[A-Za-z0-9_\- ]`) and Omnisend's own tags (`source: shopify`) use.
pub(crate) fn tag(text: &str) -> Result<(), &'static str> {
    let valid = (1..=MAX_NAME).contains(&text.chars().count())
        && text.trim() == text
        && text.chars().all(|c| c.is_alphanumeric() || " _-:".contains(c));
    require(valid, "must be 1 to 128 letters, digits, spaces, `_`, `-` or `:`")
}

/// Accepts `[A-Za-z0-9_]{1,128}` (published).
pub(crate) fn property_name(text: &str) -> Result<(), &'static str> {
    let valid =
        (1..=MAX_NAME).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    require(valid, "must have a name of 1 to 128 characters from A-Z, a-z, 0-9 and `_`")
}

pub(crate) fn gender(text: &str) -> Result<(), &'static str> {
    require(["m", "f"].contains(&text), "must be `m` or `f`")
}

pub(crate) fn ip(text: &str) -> Result<(), &'static str> {
    require(IpAddr::from_str(text).is_ok(), "must be an IP address")
}

pub(crate) fn country_code(text: &str) -> Result<(), &'static str> {
    require(country_name(text).is_some(), "must be an ISO 3166-1 alpha-2 code in capitals, such as LT")
}

/// Returns the English name of an ISO 3166-1 alpha-2 code in capitals.
pub(crate) fn country_name(code: &str) -> Option<&'static str> {
    rust_iso3166::from_alpha2(code).map(|country| country.name)
}

/// Parses a date that exists, written as `YYYY-MM-DD` (published).
pub(crate) fn date(text: &str) -> Result<Date, &'static str> {
    let digit_or_dash = |(i, b): (usize, u8)| if i == 4 || i == 7 { b == b'-' } else { b.is_ascii_digit() };
    let well_formed = text.len() == 10 && text.bytes().enumerate().all(digit_or_dash);
    let date = well_formed.then(|| Date::from_str(text).ok()).flatten();
    date.ok_or("must be a date as YYYY-MM-DD")
}

/// Parses RFC 3339: a date, `T`, a time, then `Z` or an offset.
pub(crate) fn timestamp(text: &str) -> Result<Timestamp, &'static str> {
    rfc_3339(text).ok_or("must be a date and time as in RFC 3339")
}

fn rfc_3339(text: &str) -> Option<Timestamp> {
    let (day, rest) = text.split_at_checked(10)?;
    date(day).ok()?;
    let well_formed = rest.starts_with('T')
        && rest.bytes().skip(1).all(|b| b.is_ascii_digit() || b":.+-Z".contains(&b))
        && (rest.ends_with('Z')
            || rest.len().checked_sub(6).and_then(|at| rest.get(at..)).is_some_and(is_offset));
    well_formed.then(|| Timestamp::from_str(text).ok()).flatten()
}

fn is_offset(text: &str) -> bool {
    text.bytes().enumerate().all(|(i, b)| match i {
        0 => b == b'+' || b == b'-',
        3 => b == b':',
        _ => b.is_ascii_digit(),
    })
}

fn require(valid: bool, message: &'static str) -> Result<(), &'static str> {
    if valid { Ok(()) } else { Err(message) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused<T>(
        check: impl Fn(&str) -> Result<T, &'static str>,
        texts: &[&'static str],
    ) -> Vec<&'static str> {
        texts.iter().copied().filter(|text| check(text).is_err()).collect()
    }

    #[test]
    fn accepts_only_addresses_with_a_dotted_domain() {
        let good = ["ada@example.com", "Ada.L+news@mail.example.co.uk", "zoë@bücher.example", "a_b-c@x.io"];
        assert_eq!(refused(email, &good), Vec::<&str>::new());
        let bad = [
            "",
            "ada",
            "ada@localhost",
            "Ada <ada@example.com>",
            "\"ada\"@example.com",
            "ada@[127.0.0.1]",
            " ada@example.com",
            "ada@example.com ",
            "ada@@example.com",
            "a da@example.com",
            "ada@example..com",
        ];
        assert_eq!(refused(email, &bad), bad);
    }

    #[test]
    fn accepts_only_phone_numbers_in_e164() {
        assert_eq!(refused(phone, &["+442071838750", "+12025550142", "+3706123456"]), Vec::<&str>::new());
        let bad =
            ["442071838750", "+44 2071838750", "+0123456789", "+1234567890123456", "+", "", "+12-025550142"];
        assert_eq!(refused(phone, &bad), bad);
    }

    #[test]
    fn accepts_tags_and_property_names_by_their_characters_and_length() {
        assert_eq!(
            refused(tag, &["VIP", "source: shopify", "a_b-c 1", "Žieminė", "顧客"]),
            Vec::<&str>::new()
        );
        let bad = ["", "a,b", "a/b", " a", "a ", "a\tb", "ok!", "a\u{0}"];
        assert_eq!(refused(tag, &bad), bad);
        assert!(tag(&"é".repeat(128)).is_ok() && tag(&"é".repeat(129)).is_err());
        assert!(property_name("loyalty_Tier2").is_ok() && property_name(&"a".repeat(128)).is_ok());
        let bad = ["", "a b", "é"];
        assert_eq!(refused(property_name, &bad), bad);
        assert!(property_name(&"a".repeat(129)).is_err());
    }

    #[test]
    fn accepts_only_existing_dates_and_rfc_3339_timestamps() {
        assert_eq!(refused(date, &["1981-11-05", "2024-02-29"]), Vec::<&str>::new());
        let bad =
            ["2023-02-29", "1981-13-01", "05/11/1981", "19811105", "1981-11-5", "1981-11-05T00:00:00Z", ""];
        assert_eq!(refused(date, &bad), bad);

        let good = ["2020-02-29T10:07:28Z", "2020-02-29T10:07:28.123+02:00", "2020-02-29T10:07:28-05:30"];
        assert_eq!(refused(timestamp, &good), Vec::<&str>::new());
        let bad = [
            "",
            "2020-02-29",
            "2020-02-29 10:07:28Z",
            "2020-02-29T10:07:28",
            "2021-02-29T10:07:28Z",
            "2020-02-29T10:07:28Z[UTC]",
            "2020-02-29T10:07:28+0200",
            "1582977600",
        ];
        assert_eq!(refused(timestamp, &bad), bad);
    }

    #[test]
    fn knows_only_alpha_2_country_codes_in_capitals() {
        assert_eq!(country_name("LT"), Some("Lithuania"));
        assert_eq!(
            (country_name("lt"), country_name("XX"), country_name("LTU"), country_name("")),
            (None, None, None, None)
        );
    }
}
