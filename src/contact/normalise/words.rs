//! Reads words for yes and no, and for male and female, in several languages.

use super::plain::folded;

#[rustfmt::skip]
const MALE: [&str; 32] = [
    "m", "male", "man", "men", "boy", "mr", "männlich", "maennlich", "mann", "herr", "homme", "masculin",
    "monsieur", "dhr", "heer", "sr", "señor", "h", "hombre", "masculino", "maschio", "uomo", "homem",
    "mannelijk", "man's", "男", "男性", "男子", "남", "남자", "남성", "мужской",
];
#[rustfmt::skip]
const FEMALE: [&str; 36] = [
    "f", "female", "woman", "women", "girl", "mrs", "ms", "miss", "w", "weiblich", "frau", "femme", "féminin",
    "feminin", "madame", "mme", "mlle", "mevr", "mevrouw", "sra", "señora", "mujer", "femenino", "femmina",
    "donna", "mulher", "feminino", "vrouw", "vrouwelijk", "女", "女性", "女子", "여", "여자", "여성", "женский",
];
#[rustfmt::skip]
const YES: [&str; 24] = [
    "true", "yes", "y", "t", "1", "on", "ja", "j", "oui", "o", "vrai", "wahr", "sí", "si", "sì", "sim",
    "verdadero", "да", "はい", "有", "○", "〇", "是", "예",
];
#[rustfmt::skip]
const NO: [&str; 22] = [
    "false", "no", "n", "f", "0", "off", "nein", "non", "faux", "falsch", "nee", "não", "nao", "falso", "нет",
    "いいえ", "無", "×", "✕", "否", "아니오", "아니요",
];

/// Returns `m` or `f`.
pub(super) fn gender(cell: &str) -> Option<&'static str> {
    // Most files use Omnisend's own codes.
    match cell {
        "m" | "M" => return Some("m"),
        "f" | "F" => return Some("f"),
        _ => {}
    }
    let folded = folded(cell);
    let word = folded.trim_end_matches('.');
    if MALE.contains(&word) {
        Some("m")
    } else if FEMALE.contains(&word) {
        Some("f")
    } else {
        None
    }
}

pub(super) fn boolean(cell: &str) -> Option<bool> {
    match cell {
        "true" | "1" => return Some(true),
        "false" | "0" => return Some(false),
        _ => {}
    }
    let folded = folded(cell);
    let word = folded.as_str();
    if YES.contains(&word) {
        Some(true)
    } else if NO.contains(&word) {
        Some(false)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_words_in_several_languages() {
        for (cell, found) in [
            ("Female", Some("f")),
            ("M", Some("m")),
            ("männlich", Some("m")),
            ("Frau", Some("f")),
            ("Mr.", Some("m")),
            ("女性", Some("f")),
            ("男", Some("m")),
            ("여자", Some("f")),
            ("ｍ", Some("m")),
            ("x", None),
            ("divers", None),
            ("不明", None),
        ] {
            assert_eq!(gender(cell), found, "{cell}");
        }
        for (cell, found) in [
            ("Yes", Some(true)),
            ("0", Some(false)),
            ("JA", Some(true)),
            ("nein", Some(false)),
            ("はい", Some(true)),
            ("○", Some(true)),
            ("×", Some(false)),
            ("off", Some(false)),
            ("maybe", None),
        ] {
            assert_eq!(boolean(cell), found, "{cell}");
        }
    }

    #[test]
    fn no_word_has_two_meanings() {
        assert!(MALE.iter().all(|word| !FEMALE.contains(word)));
        assert!(YES.iter().all(|word| !NO.contains(word)));
        for word in MALE.iter().chain(&FEMALE).chain(&YES).chain(&NO) {
            assert_eq!(*word, folded(word), "`{word}` can never match a folded cell");
        }
    }
}
