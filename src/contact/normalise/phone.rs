//! Phone numbers.

use std::borrow::Cow;

use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumberFormat, Region};

use super::{Flaw, plain::plain};

/// E.164: a country code and a number, at most 15 digits together. Fewer than 7 reach nobody abroad.
const DIGITS: std::ops::RangeInclusive<usize> = 7..=15;

/// A phone number in E.164. `region` is the country of a number that does not name its own.
///
/// What is in E.164 already stays as it is, and Omnisend judges it: looking every number of a million up would take
/// as long as all the rest of the plan. Any other notation is read by libphonenumber's rules, and has to be a number
/// that its country assigns.
pub(super) fn phone<'a>(cell: &'a str, region: Option<&str>) -> Result<Cow<'a, str>, Flaw> {
    if is_e164(cell) {
        return Ok(Cow::Borrowed(cell));
    }
    // The long vowel sign is what a Japanese keyboard gives for a hyphen between full-width digits.
    let plain = plain(cell).replace(['ー', '‐', '−'], "-");
    let region = region.and_then(|region| region.parse::<Region>().ok());
    let has_country = plain.starts_with('+') || plain.starts_with("tel:+");
    if region.is_none() && !has_country {
        let digits = plain.bytes().filter(u8::is_ascii_digit).count();
        return Err(if DIGITS.contains(&digits) { Flaw::PhoneWithoutRegion } else { Flaw::Phone });
    }
    let number = PHONE_NUMBER_UTIL.parse(&plain, region).map_err(|_| Flaw::Phone)?;
    if !PHONE_NUMBER_UTIL.is_valid_number(&number) {
        return Err(Flaw::Phone);
    }
    let number = number.format_as(PhoneNumberFormat::E164).to_string();
    if is_e164(&number) { Ok(Cow::Owned(number)) } else { Err(Flaw::Phone) }
}

fn is_e164(cell: &str) -> bool {
    cell.strip_prefix('+').is_some_and(|digits| {
        DIGITS.contains(&digits.len())
            && digits.bytes().all(|b| b.is_ascii_digit())
            && !digits.starts_with('0')
    })
}

/// Whether a text is the code of a country that has phone numbers: `JP`.
pub fn is_region(text: &str) -> bool {
    let is_code = text.len() == 2 && text.bytes().all(|b| b.is_ascii_uppercase());
    let region = text.parse::<Region>().ok().filter(|_| is_code);
    region.is_some_and(|region| PHONE_NUMBER_UTIL.get_country_code_for_region(region).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phone_is_e164() {
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
    fn what_nobody_can_be_called_at_is_no_phone() {
        for (cell, region, flaw) in [
            ("03-1234-5678", None, Flaw::PhoneWithoutRegion),
            ("+0123456789", None, Flaw::Phone),
            ("+123", None, Flaw::Phone),
            ("+1234567890123456", None, Flaw::Phone),
            ("+44 20 x123", None, Flaw::Phone),
            ("tel", None, Flaw::Phone),
            ("110", Some("JP"), Flaw::Phone),
            ("090-1234-567", Some("JP"), Flaw::Phone),
            ("+999 123456789", Some("JP"), Flaw::Phone),
        ] {
            assert_eq!(phone(cell, region), Err(flaw), "{cell} {region:?}");
        }
    }

    #[test]
    fn a_region_is_a_country_with_phones() {
        assert!(is_region("JP") && is_region("DE") && is_region("US"));
        assert!(!is_region("jp") && !is_region("XX") && !is_region("JPN") && !is_region(""));
    }
}
