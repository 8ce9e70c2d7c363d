//! Finds the country of phone numbers without a country code.

use super::{column::Column, interpretation::Interpretation};
use crate::contact::{Kind, country_code, is_region};
use crate::propose::by_values::NEARLY_ALL;

/// Returns how phone numbers without a country code are read. `is_japanese` tells whether the file's header is
/// Japanese.
///
/// The country is certain if at least 90% of the people live there, or if the file has no country column but a Japanese
/// header, and at least 90% of the numbers are valid in Japan. It is likely if most people live there and most numbers
/// are valid there, or if the file has no country column, most addresses with a country's domain have this country's,
/// and at least 90% of the numbers are valid there.
pub(super) fn of(
    phone: &Column,
    country: Option<&Column>,
    email: Option<&Column>,
    is_japanese: bool,
) -> Interpretation {
    let lives = |code: &str, column: &Column| column.percent(|cell| country_code(cell) == Some(code));
    let assigned = |code: &str| {
        let kind = Kind::Phone { region: Some(code.to_owned()) };
        phone.percent(|cell| kind.check(cell).is_ok())
    };
    if let Some(country) = country {
        let mut codes = country.cells.iter().filter_map(|cell| country_code(cell));
        return match codes.find(|code| lives(code, country) > 50) {
            Some(home) if lives(home, country) >= NEARLY_ALL => Interpretation::Region(home),
            Some(home) if assigned(home) > 50 => Interpretation::LikelyRegion(home),
            _ => Interpretation::UnknownRegion,
        };
    }
    if is_japanese && assigned("JP") >= NEARLY_ALL {
        return Interpretation::Region("JP");
    }
    match email.and_then(most_common_domain).filter(|code| assigned(code) >= NEARLY_ALL) {
        Some(home) => Interpretation::LikelyRegion(home),
        None => Interpretation::UnknownRegion,
    }
}

/// Whether a column's name is Japanese: written in kana, or in words that no other language writes in this way.
pub(super) fn is_japanese(name: &str) -> bool {
    name.chars().any(|c| ('\u{3041}'..='\u{30ff}').contains(&c) || ('\u{ff66}'..='\u{ff9d}').contains(&c))
        || ["都道府県", "郵便番号", "電話番号", "氏名", "名前"].iter().any(|word| name.contains(word))
}

/// Returns the country of most addresses, among those with a country's domain.
fn most_common_domain(email: &Column) -> Option<&'static str> {
    let codes: Vec<&'static str> = email.cells.iter().filter_map(|cell| domain(cell)).collect();
    let is_most = |code: &&&'static str| codes.iter().filter(|other| other == code).count() * 2 > codes.len();
    codes.iter().find(is_most).copied()
}

/// Returns the country of an address's top-level domain.
fn domain(address: &str) -> Option<&'static str> {
    let (_, end) = address.rsplit_once('.')?;
    let end = end.to_ascii_uppercase();
    let code = if end == "UK" { "GB" } else { end.as_str() };
    country_code(code).filter(|found| *found == code && is_region(code))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn region(name: &str, numbers: &[&str], countries: &[&str], addresses: &[&str]) -> Interpretation {
        let country = Some(Column::of("Country", countries)).filter(|_| !countries.is_empty());
        of(
            &Column::of(name, numbers),
            country.as_ref(),
            Some(&Column::of("E-Mail", addresses)),
            is_japanese(name),
        )
    }

    #[test]
    fn the_country_column_shows_the_region() {
        let numbers = ["0171 2345678", "089 1234567"];
        let of = |countries: &[&str]| region("Telefon", &numbers, countries, &["a@b.at"]);
        assert_eq!(of(&["DE", "Deutschland"]), Interpretation::Region("DE"));
        assert_eq!(of(&["Deutschland", "Deutschland", "Österreich"]), Interpretation::LikelyRegion("DE"));
        assert_eq!(of(&["Deutschland", "Österreich"]), Interpretation::UnknownRegion);
        let wrong = region("Telefon", &["12345678901", "1"], &["Deutschland", "DE", "FR"], &[]);
        assert_eq!(wrong, Interpretation::UnknownRegion, "these are not numbers of that country");
    }

    #[test]
    fn a_japanese_header_with_japanese_numbers_is_enough() {
        assert_eq!(
            region("電話番号", &["090-1234-5678", "03-1234-5678"], &[], &[]),
            Interpretation::Region("JP")
        );
        assert_eq!(
            region("電話番号", &["090-1234-5678", "12345678"], &[], &[]),
            Interpretation::UnknownRegion
        );
        assert_eq!(region("TEL", &["090-1234-5678"], &[], &[]), Interpretation::UnknownRegion);
    }

    #[test]
    fn addresses_make_a_region_likely() {
        let numbers = ["0171 2345678", "089 1234567"];
        let of = |addresses: &[&str]| region("Telefon", &numbers, &[], addresses);
        assert_eq!(
            of(&["a@web.de", "b@gmx.de", "c@gmail.com", "d@x.at"]),
            Interpretation::LikelyRegion("DE")
        );
        assert_eq!(of(&["a@web.de", "d@x.at"]), Interpretation::UnknownRegion);
        assert_eq!(of(&["a@gmail.com"]), Interpretation::UnknownRegion);
        assert_eq!(
            region("Phone", &["020 7946 0958"], &[], &["a@b.co.uk"]),
            Interpretation::LikelyRegion("GB")
        );
    }
}
