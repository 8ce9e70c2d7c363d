//! Reads phone numbers.

use std::borrow::Cow;

use rlibphonenumber::{
    CountryCodeSource, NumberLengthType, PHONE_NUMBER_UTIL, ParseError, PhoneNumber, PhoneNumberFormat,
    PhoneNumberType, Region, get_national_significant_number_owned,
};

use super::plain::plain;
use crate::contact::invalid_cell::InvalidCell;

/// How many digits an E.164 number has, with its country code. Numbers of fewer than 7 cannot be dialled from abroad.
const DIGITS: std::ops::RangeInclusive<usize> = 7..=15;

/// Words before a number that say what it is. Other text before a number shows that the cell is something else.
const LABELS: [&str; 12] =
    ["tel", "telefon", "phone", "ph", "mobile", "mobil", "mob", "cell", "handy", "fon", "電話", "携帯"];

/// Returns the phone number in E.164. `region` is the country of numbers without a country code.
///
/// A number that is already in E.164 is not looked up, and Omnisend decides whether it exists: looking up a million
/// numbers would take as long as the rest of the plan. Any other notation is parsed by libphonenumber, and must be a
/// number that its country assigns. `+` and `00` name its country; without them, it is read as a number of `region`.
pub(super) fn phone<'a>(cell: &'a str, region: Option<&str>) -> Result<Cow<'a, str>, InvalidCell> {
    if is_e164(cell) {
        return Ok(Cow::Borrowed(cell));
    }
    // Japanese keyboards write the long vowel sign for a hyphen between full-width digits.
    let plain = plain(cell).replace(['ー', '‐', '−'], "-");
    let text = without_label(without_fraction(&plain)).ok_or(InvalidCell::Phone)?;
    let region = region.and_then(|region| region.parse::<Region>().ok());
    let number = if text.starts_with('+') {
        abroad(text)
    } else if let Some(rest) = text.strip_prefix("00") {
        after_two_zeros(text, &format!("+{rest}"), region)?
    } else {
        let region = region.ok_or_else(|| without_region(text))?;
        national(text, region)?
    };
    let number = number.ok_or(InvalidCell::Phone)?.format_as(PhoneNumberFormat::E164).to_string();
    if is_e164(&number) { Ok(Cow::Owned(number)) } else { Err(InvalidCell::Phone) }
}

fn without_region(text: &str) -> InvalidCell {
    if DIGITS.contains(&digits(text).len()) { InvalidCell::PhoneWithoutRegion } else { InvalidCell::Phone }
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// Removes the `.0` with which data frames write whole numbers.
fn without_fraction(text: &str) -> &str {
    let whole = text.strip_suffix(".0").filter(|whole| {
        let digits = whole.strip_prefix('+').unwrap_or(whole);
        digits.len() >= *DIGITS.start() && digits.bytes().all(|b| b.is_ascii_digit())
    });
    whole.unwrap_or(text)
}

/// Returns the text from its first digit or `+`. Returns `None` if another word than a label comes first.
fn without_label(text: &str) -> Option<&str> {
    let (label, number) = text.split_at(text.find(|c: char| c == '+' || c.is_ascii_digit())?);
    let label = label.trim_matches(|c: char| !c.is_alphanumeric());
    let is_label = label.is_empty() || LABELS.contains(&label.to_lowercase().as_str());
    is_label.then_some(number)
}

/// Returns the number if its country assigns it and nothing is left over.
fn assigned(number: Result<PhoneNumber, ParseError>, text: &str) -> Option<PhoneNumber> {
    let number = number.ok()?;
    let is_valid = PHONE_NUMBER_UTIL.is_valid_number(&number);
    // Letters stand for digits, as in 1-800-FLOWERS, or are a note. The length shows which, if all numbers have one.
    let has_letters = || number.extension.is_none() && text.chars().any(char::is_alphabetic);
    let is_whole = || !has_letters() || number.get_region_code().is_some_and(has_one_length);
    (is_valid && is_whole()).then_some(number)
}

/// Reads a number that begins with `+`.
fn abroad(text: &str) -> Option<PhoneNumber> {
    assigned(PHONE_NUMBER_UTIL.parse(text, None), text)
}

/// Reads a number that begins with `00`. A few countries dial other digits before a country code, such as Brazil,
/// where a carrier's code follows the zeros. `plus` is the number with `+` instead of `00`.
fn after_two_zeros(
    text: &str,
    plus: &str,
    region: Option<Region>,
) -> Result<Option<PhoneNumber>, InvalidCell> {
    let dialled = region.and_then(|region| assigned(PHONE_NUMBER_UTIL.parse(text, Some(region)), text));
    match (abroad(plus), dialled) {
        (Some(number), Some(dialled)) if number != dialled => Err(InvalidCell::AmbiguousPhone),
        (number, dialled) => Ok(number.or(dialled)),
    }
}

/// Reads a number without `+` and `00` as a number of its region.
///
/// Its digits may also begin with a country code. With the region's own code, it is a number of the region in either
/// reading, and one that can only be a mobile number is preferred to one that cannot be. A valid reading with another
/// country's code makes the number ambiguous, except if a trunk prefix or the length shows that it is national.
fn national(text: &str, region: Region) -> Result<Option<PhoneNumber>, InvalidCell> {
    let number = PHONE_NUMBER_UTIL.parse_and_keep_raw_input(text, Some(region)).ok();
    let source = number.as_ref().map(PhoneNumber::country_code_source);
    if source == Some(CountryCodeSource::FromNumberWithIdd) {
        return Ok(assigned(PHONE_NUMBER_UTIL.parse(text, Some(region)), text));
    }
    let is_national = source == Some(CountryCodeSource::FromDefaultCountry);
    let national =
        if is_national { assigned(PHONE_NUMBER_UTIL.parse(text, Some(region)), text) } else { None };
    if national.as_ref().is_some_and(|number| has_trunk_prefix(text, number)) {
        return Ok(national);
    }
    let code = PHONE_NUMBER_UTIL.get_country_code_for_region(region);
    match (national, abroad(&format!("+{text}"))) {
        (Some(national), Some(other)) if national == other => Ok(Some(national)),
        (Some(national), Some(own)) if Some(own.country_code) == code => mobile(national, own).map(Some),
        (None, Some(own)) if Some(own.country_code) == code => Ok(Some(own)),
        (Some(_), Some(_)) if !has_one_length(region) => Err(InvalidCell::AmbiguousPhone),
        (national, _) => Ok(national),
    }
}

/// Returns the one of two readings that alone can be a mobile number.
fn mobile(one: PhoneNumber, other: PhoneNumber) -> Result<PhoneNumber, InvalidCell> {
    use PhoneNumberType::{FixedLineOrMobile, Mobile};
    let may_be_mobile = |number: PhoneNumberType| matches!(number, Mobile | FixedLineOrMobile);
    match (one.get_type(), other.get_type()) {
        (Mobile, second) if !may_be_mobile(second) => Ok(one),
        (first, Mobile) if !may_be_mobile(first) => Ok(other),
        _ => Err(InvalidCell::AmbiguousPhone),
    }
}

/// Whether the text has the prefix of national calls, such as the 0 of 0151, which is not part of the number.
fn has_trunk_prefix(text: &str, number: &PhoneNumber) -> bool {
    let digits = digits(text);
    let digits = digits.strip_suffix(number.extension.as_deref().unwrap_or_default()).unwrap_or(&digits);
    let without_prefix = get_national_significant_number_owned(number);
    digits.strip_suffix(without_prefix.as_str()).is_some_and(|prefix| !prefix.is_empty())
}

/// Whether all numbers of the region's country code have one length, without a trunk prefix.
fn has_one_length(region: Region) -> bool {
    let Some(country_code) = PHONE_NUMBER_UTIL.get_country_code_for_region(region) else { return false };
    let is_length = |digits: &u32| {
        let number =
            PhoneNumber { country_code, national_number: 10_u64.pow(digits - 1), ..PhoneNumber::default() };
        let possible = PHONE_NUMBER_UTIL
            .is_possible_number_for_type_with_reason(&number, PhoneNumberType::FixedLineOrMobile);
        possible == Ok(NumberLengthType::IsPossible)
    };
    (1..=15).filter(is_length).count() == 1
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
    use std::collections::BTreeMap;

    use proptest::prelude::*;

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
            ("0044 20 7946 0958", None, "+442079460958"),
            ("0044 20 7946 0958", Some("JP"), "+442079460958"),
            ("010 44 20 7946 0958", Some("JP"), "+442079460958"),
            ("0011 44 20 7946 0958", Some("AU"), "+442079460958"),
            ("4915112345600", Some("DE"), "+4915112345600"),
            ("49 30 901820", Some("DE"), "+4930901820"),
            ("47 92 34 56", Some("NO"), "+4747923456"),
            ("47 92 34 56 78", Some("NO"), "+4792345678"),
            ("34 612 34 56 78", Some("ES"), "+34612345678"),
            ("12025550123", Some("US"), "+12025550123"),
            ("81 90 1234 5678", Some("JP"), "+819012345678"),
            ("8 495 123-45-67", Some("RU"), "+74951234567"),
            ("0157 31234567", Some("DE"), "+4915731234567"),
            ("4915112345600.0", Some("DE"), "+4915112345600"),
            ("1-800-FLOWERS", Some("US"), "+18003569377"),
            ("Tel. 030 901820", Some("DE"), "+4930901820"),
            ("Mobil: 0151 12345678", Some("DE"), "+4915112345678"),
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
            ("447912345678", Some("DE"), InvalidCell::AmbiguousPhone),
            ("447912345678", Some("US"), InvalidCell::Phone),
            ("15732234567", Some("DE"), InvalidCell::AmbiguousPhone),
            ("0044 20 7946 0958 1", Some("GB"), InvalidCell::Phone),
            ("00", Some("DE"), InvalidCell::Phone),
            ("+49", Some("DE"), InvalidCell::Phone),
            ("A12345678", Some("DE"), InvalidCell::Phone),
            ("030 901820 home", Some("DE"), InvalidCell::Phone),
            ("030 901820 / 0151 12345678", Some("DE"), InvalidCell::Phone),
            ("4.91511E+12", Some("DE"), InvalidCell::Phone),
            ("4915112345600.5", Some("DE"), InvalidCell::Phone),
        ] {
            assert_eq!(phone(cell, region), Err(invalid), "{cell} {region:?}");
        }
    }

    /// The ways in which people write a number without `+`.
    fn notations(number: &PhoneNumber) -> [String; 3] {
        let national = number.format_as(PhoneNumberFormat::National).into_owned();
        let bare = get_national_significant_number_owned(number);
        let with_code = format!("{}{bare}", number.country_code);
        [national, bare, with_code]
    }

    /// libphonenumber's example of a fixed-line and a mobile number for each region.
    fn examples() -> Vec<(Region, PhoneNumber)> {
        let mut examples = Vec::new();
        for region in PHONE_NUMBER_UTIL.get_supported_regions() {
            for kind in [PhoneNumberType::FixedLine, PhoneNumberType::Mobile] {
                let number = PHONE_NUMBER_UTIL.get_example_number_for_type_and_region(region, kind);
                examples.extend(number.ok().map(|number| (region, number)));
            }
        }
        examples
    }

    /// Valid numbers that begin like this one, without those that libphonenumber reads differently after their code.
    fn variations(number: &PhoneNumber, count: u64) -> impl Iterator<Item = PhoneNumber> {
        let country = number.country_code;
        let bare = get_national_significant_number_owned(number);
        (0..count).filter_map(move |seed| {
            let mut state = seed + 1;
            let mut digit = |(at, digit): (usize, char)| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                if at < 2 || seed == 0 {
                    digit
                } else {
                    char::from(b'0' + u8::try_from((state >> 33) % 10).unwrap())
                }
            };
            let bare: String = bare.chars().enumerate().map(&mut digit).collect();
            let number = PHONE_NUMBER_UTIL.parse(format!("+{country}{bare}"), None).ok()?;
            let is_same = get_national_significant_number_owned(&number) == bare;
            (is_same && PHONE_NUMBER_UTIL.is_valid_number(&number)).then_some(number)
        })
    }

    /// Reads numbers of every region in each notation. Prints the numbers that are lost, in percent, by region.
    /// CONFIGURATION.md states them.
    #[test]
    #[expect(clippy::print_stdout, reason = "it prints what it measures")]
    fn numbers_of_all_regions_are_read_as_themselves_or_not_at_all() {
        let mut counts: BTreeMap<(usize, String), (u32, u32)> = BTreeMap::new();
        for (region, example) in examples() {
            for number in variations(&example, 12) {
                let right = number.format_as(PhoneNumberFormat::E164).into_owned();
                assert_eq!(phone(&right, None).as_deref(), Ok(&*right));
                let international = number.format_as(PhoneNumberFormat::International);
                assert_eq!(phone(&international, None).as_deref(), Ok(&*right));
                for (at, text) in notations(&number).iter().enumerate() {
                    let (all, lost) = counts.entry((at, region.to_string())).or_default();
                    *all += 1;
                    match phone(text, Some(&region.to_string())) {
                        Ok(read) if digits(text).starts_with(&number.country_code.to_string()) => {
                            assert!(read == right || at == 1, "{text} in {region}: {read}");
                        }
                        Ok(read) => assert_eq!(read, right, "{text} in {region}"),
                        Err(_) => *lost += 1,
                    }
                }
            }
        }
        for (at, notation) in
            ["as its country writes it", "without a trunk prefix", "with the country code"].iter().enumerate()
        {
            let of =
                || counts.iter().filter(|((of, _), _)| *of == at).map(|((_, region), count)| (region, count));
            let all: u32 = of().map(|(_, (all, _))| all).sum();
            let lost: u32 = of().map(|(_, (_, lost))| lost).sum();
            let shares: Vec<String> = of()
                .filter(|(_, (_, lost))| *lost > 0)
                .map(|(region, (all, lost))| format!("{region} {}%", lost * 100 / all))
                .collect();
            println!("{notation}: {lost} of {all} are lost: {}", shares.join(", "));
            assert!(lost * 100 <= all * 3, "{notation}: {lost} of {all}");
        }
    }

    proptest! {
        #[test]
        fn a_number_is_the_regions_own_and_ends_with_the_digits_of_its_cell(
            cell in "(0|8|1|49|44)?[0-9]{5,12}",
            region in prop::sample::select(vec!["DE", "GB", "US", "NO", "IT", "JP", "AT", "RU", "BR", "CN"]),
        ) {
            if let Ok(read) = phone(&cell, Some(region)) {
                let number = PHONE_NUMBER_UTIL.parse(&*read, None).unwrap();
                prop_assert!(PHONE_NUMBER_UTIL.is_valid_number(&number));
                prop_assert!(read.ends_with(&cell[cell.len() - 4..]), "{}", read);
                let code = PHONE_NUMBER_UTIL.get_country_code_for_region(region.parse().unwrap());
                let dials_abroad = ["00", "010", "011", "810"].iter().any(|prefix| cell.starts_with(prefix));
                prop_assert!(Some(number.country_code) == code || dials_abroad, "{} in {}: {}", cell, region, read);
            }
        }
    }

    #[test]
    fn a_region_is_a_country_with_phone_numbers() {
        assert!(is_region("JP") && is_region("DE") && is_region("US"));
        assert!(!is_region("jp") && !is_region("XX") && !is_region("JPN") && !is_region(""));
    }
}
