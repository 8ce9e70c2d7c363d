//! Converts names in any script to Latin letters and digits.

use deunicode::deunicode_char;
use unicode_normalization::UnicodeNormalization as _;

use crate::propose::by_name::words;

/// The maximum length of a property's name, less room for a number that makes it unique.
const MAX_CHARS: usize = 120;

/// Japanese words in the column names of customer files. The longest match counts.
#[rustfmt::skip]
const JAPANESE: &[(&str, &str)] = &[
    ("フリガナ・姓", "kana_last"), ("フリガナ・名", "kana_first"), ("お名前", "name"), ("都道府県", "prefecture"),
    ("性別", "gender"), ("郵便番号", "postal_code"), ("生年月日", "birthdate"), ("誕生日", "birthday"), ("名称", "name"),
    ("累計購入金額", "total_spent"), ("購入金額", "amount_spent"), ("購入回数", "order_count"), ("注文回数", "order_count"),
    ("最終購入日", "last_order_date"), ("初回購入日", "first_order_date"), ("最終来店日", "last_visit_date"),
    ("お買い上げ", "purchase"), ("会員番号", "member_number"), ("顧客番号", "customer_number"),
    ("会員ランク", "member_rank"), ("会員種別", "member_type"), ("フリガナ", "kana"), ("ふりがな", "kana"), ("カナ", "kana"),
    ("会社名", "company"), ("部署名", "department"), ("職業", "occupation"), ("役職", "job_title"),
    ("店舗", "store"), ("店", "store"), ("会員", "member"), ("顧客", "customer"), ("ランク", "rank"), ("種別", "type"),
    ("区分", "class"), ("番号", "number"), ("コード", "code"), ("合計", "total"), ("累計", "total"), ("金額", "amount"),
    ("回数", "count"), ("件数", "count"), ("購入", "purchase"), ("注文", "order"), ("初回", "first"), ("最終", "last"),
    ("更新", "updated"), ("登録", "registered"), ("来店", "visit"), ("日時", "time"), ("日", "date"), ("年", "year"),
    ("月", "month"), ("年齢", "age"), ("ポイント", "points"), ("残高", "balance"), ("備考", "notes"), ("メモ", "notes"),
    ("好み", "preferences"), ("嗜好", "preferences"), ("商品", "product"), ("カテゴリ", "category"), ("お気に入り", "favorite"), ("趣味", "hobbies"), ("状態", "status"),
    ("ステータス", "status"), ("タグ", "tags"), ("数", "count"), ("名", "name"), ("電話", "phone"), ("住所", "address"),
];

/// Returns a valid property name for a column: words in lower case, joined with `_`, or `column_7` if the name has no
/// Latin form. `at` is the column's position, counted from 0.
pub(super) fn property_name(name: &str, at: usize) -> String {
    let text = latin(name).filter(|text| text.bytes().any(|b| b.is_ascii_alphabetic()));
    text.unwrap_or_else(|| format!("column_{}", at + 1))
}

/// Returns a name in Latin letters and digits, as words in lower case joined with `_`, or `None` if it has no such
/// form.
pub(crate) fn latin(name: &str) -> Option<String> {
    let translated = translate(&name.nfkc().collect::<String>());
    let words: Vec<String> = words(&translated).iter().filter_map(|word| ascii(word)).collect();
    let mut text = words.join("_");
    text.truncate(MAX_CHARS);
    Some(text).filter(|text| !text.is_empty())
}

/// Replaces known Japanese words with English ones.
fn translate(name: &str) -> String {
    let mut text = String::new();
    let mut rest = name;
    while let Some(c) = rest.chars().next() {
        let known = JAPANESE.iter().filter(|(word, _)| rest.starts_with(word));
        if let Some((word, english)) = known.max_by_key(|(word, _)| word.len()) {
            text.extend([" ", english, " "]);
            rest = rest.strip_prefix(word).unwrap_or_default();
        } else {
            text.push(c);
            rest = rest.strip_prefix(c).unwrap_or_default();
        }
    }
    text
}

/// Returns a word in Latin letters. Chinese characters are left out, since each has several readings, and so are the
/// syllables that belong to one, as in `好き`.
fn ascii(word: &str) -> Option<String> {
    let mut ascii = String::new();
    let has_ideographs = word.chars().any(is_ideograph);
    let is_left_out = |c: &char| is_ideograph(*c) || (has_ideographs && is_hiragana(*c));
    for c in word.chars().filter(|c| !is_left_out(c)) {
        ascii.extend(
            deunicode_char(c)?.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()),
        );
    }
    (!ascii.is_empty()).then_some(ascii)
}

fn is_hiragana(c: char) -> bool {
    ('\u{3041}'..='\u{309f}').contains(&c)
}

fn is_ideograph(c: char) -> bool {
    ('\u{2e80}'..='\u{2fdf}').contains(&c) || ('\u{3400}'..='\u{9fff}').contains(&c) || c > '\u{1ffff}'
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::contact::PropertyName;

    #[test]
    fn makes_property_names_from_any_script() {
        for (name, expected) in [
            ("LoyaltyTier", "loyalty_tier"),
            ("Umsatz (gesamt)", "umsatz_gesamt"),
            ("Größe", "grosse"),
            ("会員ランク", "member_rank"),
            ("最終購入日", "last_order_date"),
            ("ポイント残高", "points_balance"),
            ("メルマガ", "merumaga"),
            ("好み", "preferences"),
            ("お好きな色", "column_5"),
            ("メール配信", "meru"),
            ("VIP判定", "vip"),
            ("血液型", "column_5"),
            ("2023", "column_5"),
            ("", "column_5"),
        ] {
            assert_eq!(property_name(name, 4), expected, "{name}");
        }
    }

    proptest! {
        #[test]
        fn every_property_name_is_valid(name in "\\PC{0,200}") {
            prop_assert!(PropertyName::try_from(property_name(&name, 0)).is_ok());
        }
    }
}
