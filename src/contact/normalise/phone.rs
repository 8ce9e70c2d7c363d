//! Reads phone numbers.

use std::borrow::Cow;

use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumberFormat, Region};

use super::plain::plain;
use crate::contact::invalid_cell::InvalidCell;

/// How many digits an E.164 number has, with its country code. Numbers of fewer than 7 cannot be dialled from abroad.
const DIGITS: std::ops::RangeInclusive<usize> = 7..=15;

/// Returns the phone number in E.164. `region` is the country of numbers without a country code.
///
/// A number that is already in E.164 is not looked up, and Omnisend decides whether it exists: looking up a million
/// numbers would take as long as the rest of the plan. Any other notation is parsed by libphonenumber, and must be a
/// number that its country assigns.
pub(super) fn phone<'a>(cell: &'a str, region: Option<&str>) -> Result<Cow<'a, str>, InvalidCell> {
    if is_e164(cell) {
        return Ok(Cow::Borrowed(cell));
    }
    // Japanese keyboards write the long vowel sign for a hyphen between full-width digits.
    let plain = plain(cell).replace(['ー', '‐', '−'], "-");
    let region = region.and_then(|region| region.parse::<Region>().ok());
    let has_country = plain.starts_with('+') || plain.starts_with("tel:+");
    if region.is_none() && !has_country {
        let digits = plain.bytes().filter(u8::is_ascii_digit).count();
        return Err(if DIGITS.contains(&digits) {
            InvalidCell::PhoneWithoutRegion
        } else {
            InvalidCell::Phone
        });
    }
    let number = PHONE_NUMBER_UTIL.parse(&plain, region).map_err(|_| InvalidCell::Phone)?;
    if !PHONE_NUMBER_UTIL.is_valid_number(&number) {
        return Err(InvalidCell::Phone);
    }
    let number = number.format_as(PhoneNumberFormat::E164).to_string();
    if is_e164(&number) { Ok(Cow::Owned(number)) } else { Err(InvalidCell::Phone) }
}

fn is_e164(cell: &str) -> bool {
    cell.strip_prefix('+').is_some_and(|digits| {
        DIGITS.contains(&digits.len())
            && digits.bytes().all(|b| b.is_ascii_digit())
            && !digits.starts_with('0')
    })
}

/// Whether the text is the code of a country with phone numbers, such as `JP`.
pub fn is_region(text: &str) -> bool {
    let is_code = text.len() == 2 && text.bytes().all(|b| b.is_ascii_uppercase());
    let region = text.parse::<Region>().ok().filter(|_| is_code);
    region.is_some_and(|region| PHONE_NUMBER_UTIL.get_country_code_for_region(region).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn returns_phone_numbers_in_e164() {
        for (cell, region, number) in [
            ("+81 3-1234-5678", None, "+81312345678"),
            ("+1 (202) 555.0123", None, "+12025550123"),
            ("+442079460958", None, "+442079460958"),
            ("tel:+81-3-1234-5678", None, "+81312345678"),
            ("+44 (0)20 7946 0958", None, "+442079460958"),
            ("03-1234-5678", Some("JP"), "+81312345678"),
            ("090-1234-5678", Some("JP"), "+819012345678"),
            ("０９０－１２３４－５６７８", Some("JP"), "+819012345678"),
            ("０９０ー１２３４ー５６７８", Some("JP"), "+819012345678"),
            ("０３（１２３４）５６７８", Some("JP"), "+81312345678"),
            ("+81 090-1234-5678", Some("JP"), "+819012345678"),
            ("0151/12345678", Some("DE"), "+4915112345678"),
            ("0044 20 7946 0958", Some("GB"), "+442079460958"),
            ("202.555.0123 ext. 12", Some("US"), "+12025550123"),
            ("06 1234 5678", Some("IT"), "+390612345678"),
        ] {
            assert_eq!(phone(cell, region).as_deref(), Ok(number), "{cell} {region:?}");
        }
    }

    #[test]
    fn rejects_numbers_that_cannot_be_dialled() {
        for (cell, region, invalid) in [
            ("03-1234-5678", None, InvalidCell::PhoneWithoutRegion),
            ("+0123456789", None, InvalidCell::Phone),
            ("+123", None, InvalidCell::Phone),
            ("+1234567890123456", None, InvalidCell::Phone),
            ("+44 20 x123", None, InvalidCell::Phone),
            ("tel", None, InvalidCell::Phone),
            ("110", Some("JP"), InvalidCell::Phone),
            ("090-1234-567", Some("JP"), InvalidCell::Phone),
            ("+999 123456789", Some("JP"), InvalidCell::Phone),
        ] {
            assert_eq!(phone(cell, region), Err(invalid), "{cell} {region:?}");
        }
    }

    #[test]
    fn a_region_is_a_country_with_phone_numbers() {
        assert!(is_region("JP") && is_region("DE") && is_region("US"));
        assert!(!is_region("jp") && !is_region("XX") && !is_region("JPN") && !is_region(""));
    }
}
