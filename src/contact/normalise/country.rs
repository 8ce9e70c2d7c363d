//! Countries, by code and by name.

use std::{borrow::Cow, collections::HashMap, sync::LazyLock};

use rust_iso3166::from_alpha3;

use super::plain::folded;

/// A country a line: its code, its English name, what else it is called. `data/country-names.py` writes it.
const NAMES: &str = include_str!("../../../data/country-names.tsv");

/// Codes by folded name. A name that several countries have is none.
static CODES: LazyLock<HashMap<String, Option<&'static str>>> = LazyLock::new(|| {
    let mut codes: HashMap<String, Option<&'static str>> = HashMap::new();
    for (code, names) in countries() {
        for name in names {
            let known = codes.entry(key(name)).or_insert(Some(code));
            if *known != Some(code) {
                *known = None;
            }
        }
    }
    for country in rust_iso3166::ALL {
        codes.entry(key(country.name)).or_insert(Some(country.alpha2));
    }
    codes
});

fn countries() -> impl Iterator<Item = (&'static str, std::str::Split<'static, char>)> {
    NAMES.lines().filter(|line| !line.starts_with('#')).filter_map(|line| {
        let (code, names) = line.split_once('\t')?;
        Some((code, names.split('\t')))
    })
}

/// What a name is looked up by: `the U.K.` and `UK` are the same.
fn key(name: &str) -> String {
    let folded = folded(name);
    let words =
        folded.split(|c: char| c.is_whitespace() || matches!(c, '.' | '\'' | '’' | '(' | ')' | ',' | '-'));
    let mut key = String::with_capacity(folded.len());
    for word in words.filter(|word| !word.is_empty() && *word != "the") {
        key.push_str(word);
    }
    key
}

/// The ISO 3166-1 alpha-2 code of a country's code or name.
pub(crate) fn code(cell: &str) -> Option<&'static str> {
    by_code(cell).or_else(|| CODES.get(&key(cell)).copied().flatten())
}

fn by_code(cell: &str) -> Option<&'static str> {
    match cell.as_bytes() {
        [a, b] => *ALPHA2.get(place(*a, *b)?)?,
        [_, _, _] => from_alpha3(&cell.to_ascii_uppercase()).map(|country| country.alpha2),
        _ => None,
    }
}

/// Codes of two letters by their place: most cells are one, and a million lookups by hash would show.
static ALPHA2: LazyLock<[Option<&'static str>; LETTERS * LETTERS]> = LazyLock::new(|| {
    let mut codes = [None; LETTERS * LETTERS];
    for country in rust_iso3166::ALL {
        if let [a, b] = country.alpha2.as_bytes()
            && let Some(code) = place(*a, *b).and_then(|place| codes.get_mut(place))
        {
            *code = Some(country.alpha2);
        }
    }
    codes
});

const LETTERS: usize = 26;

fn place(a: u8, b: u8) -> Option<usize> {
    let letter = |byte: u8| byte.is_ascii_alphabetic().then(|| usize::from(byte.to_ascii_uppercase() - b'A'));
    Some(letter(a)? * LETTERS + letter(b)?)
}

/// A country's name: the English one where the cell is a code, else the cell.
pub(super) fn name(cell: &str) -> Cow<'_, str> {
    let english = by_code(cell).and_then(|code| {
        let (_, mut names) = countries().find(|(of, _)| *of == code)?;
        names.next()
    });
    english.map_or(Cow::Borrowed(cell), Cow::Borrowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_country_is_known_by_its_codes_and_its_names() {
        for (cell, found) in [
            ("jp", "JP"),
            ("JPN", "JP"),
            ("Japan", "JP"),
            ("日本", "JP"),
            ("Deutschland", "DE"),
            ("Bundesrepublik Deutschland", "DE"),
            ("ALLEMAGNE", "DE"),
            ("USA", "US"),
            ("U.S.A.", "US"),
            ("ＵＳＡ", "US"),
            ("アメリカ合衆国", "US"),
            ("UK", "GB"),
            ("the United Kingdom", "GB"),
            ("England", "GB"),
            ("Österreich", "AT"),
            ("España", "ES"),
            ("한국", "KR"),
            ("대한민국", "KR"),
            ("中国", "CN"),
            ("Polska", "PL"),
            ("Sverige", "SE"),
            ("Suomi", "FI"),
            ("Magyarország", "HU"),
            ("Ελλάδα", "GR"),
            ("Türkiye", "TR"),
            ("Côte d'Ivoire", "CI"),
            ("Côte d’Ivoire", "CI"),
            ("Korea (the Republic of)", "KR"),
        ] {
            assert_eq!(code(cell), Some(found), "{cell}");
        }
        for cell in ["XX", "Atlantis", "Europe", "-", "J"] {
            assert_eq!(code(cell), None, "{cell}");
        }
    }

    #[test]
    fn a_code_becomes_a_name_and_a_name_stays() {
        for (cell, found) in
            [("DE", "Germany"), ("jpn", "Japan"), ("Deutschland", "Deutschland"), ("XX", "XX")]
        {
            assert_eq!(name(cell), found);
        }
    }

    #[test]
    fn hardly_a_name_stands_for_two_countries() {
        let double: Vec<&String> =
            CODES.iter().filter(|(_, code)| code.is_none()).map(|(name, _)| name).collect();
        // Two countries are called so.
        assert_eq!(double, ["kongo"]);
        for (of, mut names) in countries() {
            assert!(rust_iso3166::from_alpha2(of).is_some(), "{of}");
            assert!(names.next().is_some_and(|name| code(name) == Some(of)), "{of}");
        }
    }
}
