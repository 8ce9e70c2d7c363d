//! Finds columns that seem to contain consent.

use super::{column::Column, dates};
use crate::propose::by_name::words;

/// Words that appear only in the names of consent columns.
#[rustfmt::skip]
const WORDS: &[&str] = &[
    "consent", "consents", "optin", "optout", "subscribed", "unsubscribed", "subscription", "subscribe", "newsletter",
    "accepts", "permission", "gdpr", "dsgvo", "rgpd", "einwilligung", "zustimmung", "werbung", "werbeerlaubnis",
    "abonniert", "abonne", "consentement", "desabonne", "suscrito", "consentimiento", "consenso", "allowemail",
    "nieuwsbrief", "nyhetsbrev", "offres", "boletin", "newsletters", "donotemail", "donotbulkemail", "donotcontact", "donotphone", "optedin", "optedout", "abo",
];

/// The same in scripts without spaces between words.
#[rustfmt::skip]
const PARTS: &[&str] = &[
    "配信", "許可", "同意", "購読", "メルマガ", "オプトイン", "オプトアウト", "受信可", "受取", "受信", "dm可否",
];

/// The most different values that a column of answers has.
const MAX_ANSWERS: usize = 8;

/// Whether a column seems to contain consent, by its name and its values.
pub(super) fn is_consent(column: &Column) -> bool {
    let words = words(&column.name);
    let pairs = words.windows(2).map(<[String]>::concat);
    let is_named = pairs.chain(words.iter().cloned()).any(|word| WORDS.contains(&word.as_str()))
        || WORDS.contains(&words.concat().as_str())
        || words.windows(3).any(|three| WORDS.contains(&three.concat().as_str()))
        || PARTS.iter().any(|part| words.concat().contains(part));
    is_named && (column.distinct() <= MAX_ANSWERS || dates::style(column).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recognises_consent_by_its_words() {
        for name in [
            "Accepts Email Marketing",
            "AcceptsMarketing",
            "subscribed",
            "email_opt_in",
            "HasOptedOutOfEmail",
            "DoNotBulkEMail",
            "Email Marketing Consent",
            "Newsletter",
            "メルマガ配信許可",
            "DSGVO-Einwilligung",
            "メール受信",
            "Nieuwsbrief",
            "Offres partenaires",
        ] {
            assert!(is_consent(&Column::of(name, &["yes", "no"])), "{name}");
        }
        for name in ["Email", "Options", "Adopted", "Marketing segment", "会員ランク"] {
            assert!(!is_consent(&Column::of(name, &["yes", "no"])), "{name}");
        }
    }

    #[test]
    fn a_column_with_many_values_is_not_consent() {
        let texts = ["a", "b", "c", "d", "e", "f", "g", "h", "i"];
        assert!(!is_consent(&Column::of("Subscription plan", &texts)));
        let days = ["2024-01-01", "2024-01-02", "2024-01-03", "2024-01-04", "2024-01-05", "2024-01-06"];
        assert!(is_consent(&Column::of("Opt-in date", &days)));
    }
}
