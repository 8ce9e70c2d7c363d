//! What a single value has to look like.

use std::net::IpAddr;
use std::str::FromStr;

use email_address::EmailAddress;
use jiff::{Timestamp, civil::Date};

/// The longest tag and property name, in characters (published for properties, the official plugin's for tags).
const MAX_NAME: usize = 128;

/// An address with a dotted domain and nothing around it. Omnisend does not say what it takes; quotes, domain
/// literals and display names are refused, as mail services do.
pub(crate) fn is_email(text: &str) -> bool {
    let options = email_address::Options::default()
        .with_minimum_sub_domains(2)
        .without_display_text()
        .without_domain_literal();
    !text.contains('"') && EmailAddress::parse_with_options(text, options).is_ok()
}

/// A phone number in E.164 (published): `+`, then 7 to 15 digits, none of them a leading zero.
pub(crate) fn is_phone(text: &str) -> bool {
    text.strip_prefix('+').is_some_and(|digits| {
        (7..=15).contains(&digits.len())
            && digits.bytes().all(|b| b.is_ascii_digit())
            && !digits.starts_with('0')
    })
}

/// A tag: letters of any script, digits, spaces, `_`, `-` and `:`. Undocumented: chosen as what the official plugin
/// (`[A-Za-z0-9_\- ]`) and Omnisend's own tags (`source: shopify`) use.
pub(crate) fn is_tag(text: &str) -> bool {
    (1..=MAX_NAME).contains(&text.chars().count())
        && text.trim() == text
        && text.chars().all(|c| c.is_alphanumeric() || " _-:".contains(c))
}

/// A custom property's name: `[A-Za-z0-9_]{1,128}` (published).
pub(crate) fn is_property_name(text: &str) -> bool {
    (1..=MAX_NAME).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// A real day as `YYYY-MM-DD` (published).
pub(crate) fn date(text: &str) -> Option<Date> {
    let shaped = text.len() == 10
        && text
            .bytes()
            .enumerate()
            .all(|(i, b)| if i == 4 || i == 7 { b == b'-' } else { b.is_ascii_digit() });
    shaped.then(|| Date::from_str(text).ok()).flatten()
}

/// A moment as RFC 3339 has it: `T` between the halves, an offset or `Z` after them, nothing else.
pub(crate) fn moment(text: &str) -> Option<Timestamp> {
    let (day, rest) = text.split_at_checked(10)?;
    date(day)?;
    let shaped = rest.starts_with('T')
        && rest.bytes().skip(1).all(|b| b.is_ascii_digit() || b":.+-Z".contains(&b))
        && (rest.ends_with('Z')
            || rest.len().checked_sub(6).and_then(|at| rest.get(at..)).is_some_and(is_offset));
    shaped.then(|| Timestamp::from_str(text).ok()).flatten()
}

fn is_offset(text: &str) -> bool {
    text.bytes().enumerate().all(|(i, b)| match i {
        0 => b == b'+' || b == b'-',
        3 => b == b':',
        _ => b.is_ascii_digit(),
    })
}

pub(crate) fn is_ip(text: &str) -> bool {
    IpAddr::from_str(text).is_ok()
}

/// The English name of an ISO 3166-1 alpha-2 code, in capitals.
pub(crate) fn country_name(code: &str) -> Option<&'static str> {
    rust_iso3166::from_alpha2(code).map(|country| country.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(check: impl Fn(&str) -> bool, texts: &[&'static str]) -> Vec<&'static str> {
        texts.iter().copied().filter(|text| !check(text)).collect()
    }

    #[test]
    fn emails() {
        let good = ["ada@example.com", "Ada.L+news@mail.example.co.uk", "zoë@bücher.example", "a_b-c@x.io"];
        assert_eq!(refused(is_email, &good), Vec::<&str>::new());
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
        assert_eq!(refused(is_email, &bad), bad);
    }

    #[test]
    fn phones() {
        assert_eq!(refused(is_phone, &["+442071838750", "+12025550142", "+3706123456"]), Vec::<&str>::new());
        let bad =
            ["442071838750", "+44 2071838750", "+0123456789", "+1234567890123456", "+", "", "+12-025550142"];
        assert_eq!(refused(is_phone, &bad), bad);
    }

    #[test]
    fn tags_and_property_names() {
        assert_eq!(
            refused(is_tag, &["VIP", "source: shopify", "a_b-c 1", "Žieminė", "顧客"]),
            Vec::<&str>::new()
        );
        let bad = ["", "a,b", "a/b", " a", "a ", "a\tb", "ok!", "a\u{0}"];
        assert_eq!(refused(is_tag, &bad), bad);
        assert!(is_tag(&"é".repeat(128)) && !is_tag(&"é".repeat(129)));
        assert!(is_property_name("loyalty_Tier2") && is_property_name(&"a".repeat(128)));
        assert!(!is_property_name("") && !is_property_name("a b") && !is_property_name("é"));
        assert!(!is_property_name(&"a".repeat(129)));
    }

    #[test]
    fn days_and_moments() {
        let is_date = |text: &str| date(text).is_some();
        assert_eq!(refused(is_date, &["1981-11-05", "2024-02-29"]), Vec::<&str>::new());
        let bad =
            ["2023-02-29", "1981-13-01", "05/11/1981", "19811105", "1981-11-5", "1981-11-05T00:00:00Z", ""];
        assert_eq!(refused(is_date, &bad), bad);

        let is_moment = |text: &str| moment(text).is_some();
        let good = ["2020-02-29T10:07:28Z", "2020-02-29T10:07:28.123+02:00", "2020-02-29T10:07:28-05:30"];
        assert_eq!(refused(is_moment, &good), Vec::<&str>::new());
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
        assert_eq!(refused(is_moment, &bad), bad);
    }

    #[test]
    fn countries() {
        assert_eq!(country_name("LT"), Some("Lithuania"));
        assert_eq!(
            (country_name("lt"), country_name("XX"), country_name("LTU"), country_name("")),
            (None, None, None, None)
        );
    }
}
