//! In which country numbers are dialled that name none.

use super::{
    column::Column,
    judge::{How, NEARLY_ALL},
};
use crate::contact::{Kind, country_code, is_region};

/// How phone numbers are read. `is_japanese` says whether the file's header is. It is certain where nearly everybody of the file lives in one country, and where a
/// Japanese header stands above numbers that Japan assigns. Where most people or most addresses are of one country, it
/// may be.
pub(super) fn of(phone: &Column, country: Option<&Column>, email: Option<&Column>, is_japanese: bool) -> How {
    let lives = |code: &str, column: &Column| column.percent(|cell| country_code(cell) == Some(code));
    let assigned = |code: &str| {
        let kind = Kind::Phone { region: Some(code.to_owned()) };
        phone.percent(|cell| kind.check(cell).is_ok())
    };
    if let Some(country) = country {
        let mut codes = country.cells.iter().filter_map(|cell| country_code(cell));
        return match codes.find(|code| lives(code, country) > 50) {
            Some(home) if lives(home, country) >= NEARLY_ALL => How::Region(Some(home)),
            Some(home) if assigned(home) > 50 => How::SupposedRegion(home),
            _ => How::Region(None),
        };
    }
    if is_japanese && assigned("JP") >= NEARLY_ALL {
        return How::Region(Some("JP"));
    }
    match email.and_then(domains).filter(|code| assigned(code) >= NEARLY_ALL) {
        Some(home) => How::SupposedRegion(home),
        None => How::Region(None),
    }
}

/// Whether a column's name is Japanese: in its syllables, or in words that no other language writes so.
pub(super) fn is_japanese(name: &str) -> bool {
    name.chars().any(|c| ('\u{3041}'..='\u{30ff}').contains(&c) || ('\u{ff66}'..='\u{ff9d}').contains(&c))
        || ["都道府県", "郵便番号", "電話番号", "氏名", "名前"].iter().any(|word| name.contains(word))
}

/// The country whose domain most of the addresses have that are of any country's.
fn domains(email: &Column) -> Option<&'static str> {
    let codes: Vec<&'static str> = email.cells.iter().filter_map(|cell| domain(cell)).collect();
    let is_most = |code: &&&'static str| codes.iter().filter(|other| other == code).count() * 2 > codes.len();
    codes.iter().find(is_most).copied()
}

fn domain(address: &str) -> Option<&'static str> {
    let (_, end) = address.rsplit_once('.')?;
    let end = end.to_ascii_uppercase();
    let code = if end == "UK" { "GB" } else { end.as_str() };
    country_code(code).filter(|found| *found == code && is_region(code))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn region(name: &str, numbers: &[&str], countries: &[&str], addresses: &[&str]) -> How {
        let country = Some(Column::of("Country", countries)).filter(|_| !countries.is_empty());
        of(
            &Column::of(name, numbers),
            country.as_ref(),
            Some(&Column::of("E-Mail", addresses)),
            is_japanese(name),
        )
    }

    #[test]
    fn the_country_column_tells_where_people_dial() {
        let numbers = ["0171 2345678", "089 1234567"];
        let of = |countries: &[&str]| region("Telefon", &numbers, countries, &["a@b.at"]);
        assert_eq!(of(&["DE", "Deutschland"]), How::Region(Some("DE")));
        assert_eq!(of(&["Deutschland", "Deutschland", "Österreich"]), How::SupposedRegion("DE"));
        assert_eq!(of(&["Deutschland", "Österreich"]), How::Region(None));
        let wrong = region("Telefon", &["12345678901", "1"], &["Deutschland", "DE", "FR"], &[]);
        assert_eq!(wrong, How::Region(None), "no numbers of that country");
    }

    #[test]
    fn a_japanese_header_above_japanese_numbers_is_enough() {
        assert_eq!(region("電話番号", &["090-1234-5678", "03-1234-5678"], &[], &[]), How::Region(Some("JP")));
        assert_eq!(region("電話番号", &["090-1234-5678", "12345678"], &[], &[]), How::Region(None));
        assert_eq!(region("TEL", &["090-1234-5678"], &[], &[]), How::Region(None));
    }

    #[test]
    fn addresses_let_one_suppose_it() {
        let numbers = ["0171 2345678", "089 1234567"];
        let of = |addresses: &[&str]| region("Telefon", &numbers, &[], addresses);
        assert_eq!(of(&["a@web.de", "b@gmx.de", "c@gmail.com", "d@x.at"]), How::SupposedRegion("DE"));
        assert_eq!(of(&["a@web.de", "d@x.at"]), How::Region(None));
        assert_eq!(of(&["a@gmail.com"]), How::Region(None));
        assert_eq!(region("Phone", &["020 7946 0958"], &[], &["a@b.co.uk"]), How::SupposedRegion("GB"));
    }
}
