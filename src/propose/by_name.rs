//! Finds the meaning of a column's name: in English, Japanese and European languages, in the spellings of the tools
//! that write segment files.
//!
//! A name is split into words and compared without case, accents, punctuation and full-width letters. Words that only
//! say whose value it is (`Customer`, `Billing`, `会員`) are skipped. Any other word gives the name another meaning:
//! `Email consent` is not an email address.

use deunicode::deunicode_char;
use unicode_normalization::UnicodeNormalization as _;

use super::{
    meaning::{Clarity, Meaning},
    spellings::{ABBREVIATIONS, ADDRESSES, CJK_QUALIFIERS, QUALIFIERS, SECONDARY, SPELLINGS},
};
use crate::contact::Field;

/// The meaning of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Name {
    pub meaning: Meaning,
    pub clarity: Clarity,
}

/// Returns the meaning of a column's name, if it is known.
pub(super) fn meaning(name: &str) -> Option<Name> {
    let words = without_abbreviations(words(name));
    if let Some(name) = named(&words.concat(), Clarity::Plain) {
        return Some(name);
    }
    let mut plain = words;
    plain.retain(|word| !QUALIFIERS.contains(&word.as_str()));
    // `Address Address1`.
    plain.dedup();
    if let Some(name) = named_or_prefixed(&plain, Clarity::Qualified) {
        return Some(name);
    }
    // `Company address` is a secondary address, but `Address company` is not an address.
    let last = plain.pop_if(|word| !word.bytes().all(|b| b.is_ascii_digit()));
    plain.retain(|word| !SECONDARY.contains(&word.as_str()));
    plain.extend(last);
    named_or_prefixed(&plain, Clarity::Secondary)
}

/// Replaces the abbreviations of databases with full words.
fn without_abbreviations(words: Vec<String>) -> Vec<String> {
    let full = |word: String| match ABBREVIATIONS.iter().find(|(short, _)| *short == word) {
        Some((_, full)) => (*full).to_owned(),
        None => word,
    };
    words.into_iter().map(full).collect()
}

fn named(joined: &str, clarity: Clarity) -> Option<Name> {
    spelling(joined).map(|meaning| Name { meaning, clarity })
}

/// Finds a name, even one that is joined with a qualifier into one word: `kundenemail`, `会員メールアドレス`.
fn named_or_prefixed(words: &[String], clarity: Clarity) -> Option<Name> {
    let joined = words.concat();
    let after = |prefix: &&str| joined.strip_prefix(*prefix);
    let qualifiers = QUALIFIERS.iter().filter(|word| word.len() > 3).chain(CJK_QUALIFIERS);
    let secondary = SECONDARY.iter().filter(|word| word.len() > 3 || !word.is_ascii());
    named(&joined, clarity)
        .or_else(|| qualifiers.filter_map(after).find_map(|rest| named(rest, clarity)))
        .or_else(|| secondary.filter_map(after).find_map(|rest| named(rest, Clarity::Secondary)))
}

/// Returns the meaning of words that are joined without spaces.
fn spelling(joined: &str) -> Option<Meaning> {
    if joined.is_empty() {
        return None;
    }
    let of = |joined: &str| {
        SPELLINGS.iter().find(|(_, spellings)| spellings.contains(&joined)).map(|(meaning, _)| *meaning)
    };
    // `address1_stateorprovince` is a part of the address.
    of(joined).or_else(|| {
        let part = ADDRESSES.iter().find_map(|word| joined.strip_prefix(word)).and_then(of)?;
        is_part_of_an_address(part).then_some(part)
    })
}

fn is_part_of_an_address(meaning: Meaning) -> bool {
    match meaning {
        Meaning::AddressLine => true,
        Meaning::FullName => false,
        Meaning::Field(field) => matches!(
            field,
            Field::Address
                | Field::City
                | Field::State
                | Field::PostalCode
                | Field::Country
                | Field::CountryCode
                | Field::Phone
        ),
    }
}

/// Splits a name into words at punctuation, spaces, digits and capitals (`EMail`). The words are in lower case and
/// have no accents.
pub(super) fn words(name: &str) -> Vec<String> {
    let name: String = name.nfkc().collect();
    let mut words: Vec<String> = Vec::new();
    let (mut open, mut before) = (false, ' ');
    let chars: Vec<char> = name.chars().collect();
    for (n, &c) in chars.iter().enumerate() {
        if !c.is_alphanumeric() && c != '〒' && c != 'ー' {
            open = false;
        } else {
            let next_is_lower = chars.get(n + 1).is_some_and(|next| next.is_lowercase());
            let is_capital =
                c.is_uppercase() && (before.is_lowercase() || (before.is_uppercase() && next_is_lower));
            let is_digit_edge = c.is_ascii_digit() != before.is_ascii_digit();
            if !open || is_capital || is_digit_edge {
                words.push(String::new());
            }
            if let Some(word) = words.last_mut() {
                word.push_str(&folded(c));
            }
            open = true;
        }
        before = c;
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Returns a letter in lower case and without its accent. Letters of other scripts keep theirs.
fn folded(c: char) -> String {
    let latin = c.is_ascii() || ('\u{c0}'..='\u{24f}').contains(&c) || ('\u{1e00}'..='\u{1eff}').contains(&c);
    match (latin, deunicode_char(c)) {
        (true, Some(ascii)) => ascii.to_lowercase(),
        _ => c.to_lowercase().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(name: &str) -> Option<Field> {
        match meaning(name)?.meaning {
            Meaning::Field(field) => Some(field),
            _ => None,
        }
    }

    #[test]
    fn splits_names_into_words() {
        for (name, expected) in [
            ("EMail", &["e", "mail"][..]),
            ("email_address", &["email", "address"]),
            ("E-Mail-Adresse", &["e", "mail", "adresse"]),
            ("PostalCode", &["postal", "code"]),
            ("AddressLine2", &["address", "line", "2"]),
            ("Straße", &["strasse"]),
            ("Ｅメール", &["eメール"]),
            ("ﾒｰﾙｱﾄﾞﾚｽ", &["メールアドレス"]),
            ("お名前(姓)", &["お名前", "姓"]),
            ("customer.address.city", &["customer", "address", "city"]),
            ("--", &[]),
        ] {
            assert_eq!(words(name), expected, "{name}");
        }
    }

    #[test]
    fn recognises_names_of_tools_that_write_segment_files() {
        for (name, expected) in [
            // Customer Insights, Segment, Klaviyo, HubSpot, Salesforce, Redshift.
            ("EMail", Field::Email),
            ("email_address", Field::Email),
            ("PersonEmail", Field::Email),
            ("customer_email", Field::Email),
            ("Telephone", Field::Phone),
            ("Mobile Phone Number", Field::Phone),
            ("phone_number", Field::Phone),
            ("givenName", Field::FirstName),
            ("FirstName", Field::FirstName),
            ("family_name", Field::LastName),
            ("Street1", Field::Address),
            ("MailingStreet", Field::Address),
            ("address.city", Field::City),
            ("StateOrProvince", Field::State),
            ("State/Region", Field::State),
            ("Postal Code", Field::PostalCode),
            ("zip", Field::PostalCode),
            ("Country/Region", Field::Country),
            ("CountryIso2", Field::CountryCode),
            ("Birthdate", Field::Birthdate),
            ("date_of_birth", Field::Birthdate),
            ("Gender", Field::Gender),
            ("createdAt", Field::CreatedAt),
            ("cust_first_nm", Field::FirstName),
            ("bill_addr_line_1", Field::Address),
            ("cntry_cd", Field::CountryCode),
            ("reg_dt", Field::CreatedAt),
            ("Default Address Address1", Field::Address),
            ("Create Date", Field::CreatedAt),
            ("Created (UTC)", Field::CreatedAt),
            ("address1_stateorprovince", Field::State),
            ("address1_postalcode", Field::PostalCode),
            ("Address 1: State/Province", Field::State),
            ("Default Address Phone", Field::Phone),
            ("Shipping Address Zip", Field::PostalCode),
        ] {
            assert_eq!(field(name), Some(expected), "{name}");
        }
    }

    #[test]
    fn recognises_names_in_other_languages() {
        for (name, expected) in [
            ("E-Mail-Adresse", Field::Email),
            ("Kundenemail", Field::Email),
            ("Vorname", Field::FirstName),
            ("Prénom", Field::FirstName),
            ("Apellidos", Field::LastName),
            ("Nom de famille", Field::LastName),
            ("Straße und Hausnummer", Field::Address),
            ("Code postal", Field::PostalCode),
            ("Ciudad", Field::City),
            ("Date de naissance", Field::Birthdate),
            ("Titre social", Field::Gender),
            ("Aangemaakt op", Field::CreatedAt),
            ("Fecha de nacimiento", Field::Birthdate),
            ("メールアドレス", Field::Email),
            ("会員メールアドレス", Field::Email),
            ("携帯電話", Field::Phone),
            ("名", Field::FirstName),
            ("姓", Field::LastName),
            ("郵便番号", Field::PostalCode),
            ("都道府県", Field::State),
            ("市区町村", Field::City),
            ("都道府県(名称)", Field::State),
            ("住所", Field::Address),
            ("番地・建物名", Field::Address),
            ("町域・番地", Field::Address),
            ("住所(都道府県)", Field::State),
            ("住所_市区町村", Field::City),
            ("Adresse Ville", Field::City),
            ("国", Field::Country),
            ("生年月日", Field::Birthdate),
            ("性別", Field::Gender),
        ] {
            assert_eq!(field(name), Some(expected), "{name}");
        }
        assert_eq!(meaning("氏名").map(|name| name.meaning), Some(Meaning::FullName));
        assert_eq!(meaning("AddressLine2").map(|name| name.meaning), Some(Meaning::AddressLine));
    }

    #[test]
    fn an_unknown_word_gives_the_name_another_meaning() {
        for name in [
            "Email consent",
            "email_hash",
            "EmailOptIn",
            "Last email sent",
            "phone_verified",
            "Country of purchase store",
            "City population",
            "お名前(フリガナ・姓)",
            "CustomerId",
            "Address company",
            "Address name",
            "Address type",
            "",
        ] {
            assert_eq!(meaning(name), None, "{name}");
        }
    }

    #[test]
    fn a_main_column_is_clearer_than_a_secondary_one() {
        let clarity = |name| meaning(name).unwrap().clarity;
        assert!(clarity("Email") > clarity("Customer Email"));
        assert!(clarity("Customer Email") > clarity("SecondaryEmail"));
        assert!(clarity("billing_city") > clarity("shipping_city"));
    }
}
