//! Masks personal data: a value keeps its shape, so that a person can recognise its format.

use serde_json::Value;

/// Keys of a contact whose values are not personal data: words of the API, the export's tags and the source of
/// consent.
const PUBLIC_KEYS: [&str; 5] = ["type", "tags", "status", "source", "sendWelcomeMessage"];

/// The export chooses the names of custom properties, so a name in [`PUBLIC_KEYS`] does not make one public.
const PROPERTIES: &str = "customProperties";

/// Replaces the hidden part of a value.
const HIDDEN: &str = "•••";

/// Masks a value. A word keeps its first letter, digits keep their separators, and a number of seven or more digits
/// keeps its last four.
pub(crate) fn masked(value: &str) -> String {
    if let Some((user, domain)) = value.split_once('@') {
        let end = domain.rsplit_once('.').map_or("", |(_, end)| end);
        let end = if end.is_empty() { String::new() } else { format!(".{end}") };
        return format!("{}@{}{end}", word(user), word(domain));
    }
    let digits = value.chars().filter(char::is_ascii_digit).count();
    let letters = value.chars().filter(|c| c.is_alphabetic()).count();
    if letters == 0 && digits >= 7 && !value.contains([':', '.', '/']) && !is_date(value) {
        let last: Vec<_> = value.chars().filter(char::is_ascii_digit).rev().take(4).collect();
        return format!("{HIDDEN}-{}", last.into_iter().rev().collect::<String>());
    }
    if letters == 0 && digits > 0 {
        return shape(value);
    }
    word(value)
}

/// Masks every value of a contact that may be personal data.
pub(crate) fn mask_contact(contact: &mut Value) {
    mask(contact, &PUBLIC_KEYS);
}

fn mask(value: &mut Value, public: &[&str]) {
    match value {
        Value::Object(map) => {
            for (key, value) in map.iter_mut().filter(|(key, _)| !public.contains(&key.as_str())) {
                mask(value, if key == PROPERTIES { &[] } else { public });
            }
        }
        Value::Array(list) => list.iter_mut().for_each(|value| mask(value, public)),
        Value::String(text) if !text.is_empty() => *text = masked(text),
        Value::Number(number) => *value = Value::String(masked(&number.to_string())),
        Value::Bool(_) => *value = Value::String(masked("")),
        Value::String(_) | Value::Null => {}
    }
}

/// Whether digits are a date: eight of them, with a year at either end.
fn is_date(value: &str) -> bool {
    let digits: String = value.chars().filter(char::is_ascii_digit).collect();
    let is_year =
        |year: Option<&str>| year.is_some_and(|year| year.starts_with("19") || year.starts_with("20"));
    digits.len() == 8 && (is_year(digits.get(..4)) || is_year(digits.get(4..)))
}

/// Masks a word. A word of three or more characters keeps its first letter.
fn word(text: &str) -> String {
    let first = text.chars().next().filter(|c| c.is_alphabetic() && text.chars().count() > 2);
    first.map_or_else(|| HIDDEN.to_owned(), |first| format!("{first}{HIDDEN}"))
}

/// Masks digits and keeps their separators: `••/••/••••`.
fn shape(value: &str) -> String {
    value
        .chars()
        .take(24)
        .map(|c| if c.is_ascii_digit() { '•' } else { c })
        .filter(|c| !c.is_control())
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn masks_all_personal_data_of_a_contact() {
        let mut contact = json!({
            "identifiers": [{"type": "email", "id": "ada@example.com", "sendWelcomeMessage": false,
                "channels": {"email": {"status": "subscribed"}}}],
            "firstName": "Ada",
            "birthdate": "1990-02-28",
            "customProperties": {"ltv": 12.5, "vip": true, "likes": ["tea", "hats"], "status": "pregnant"},
            "tags": ["segment: VIP"],
        });
        mask_contact(&mut contact);
        assert_eq!(
            contact,
            json!({
                "identifiers": [{"type": "email", "id": "a•••@e•••.com", "sendWelcomeMessage": false,
                    "channels": {"email": {"status": "subscribed"}}}],
                "firstName": "A•••",
                "birthdate": "••••-••-••",
                "customProperties": {
                    "ltv": "••.•", "vip": "•••", "likes": ["t•••", "h•••"], "status": "p•••",
                },
                "tags": ["segment: VIP"],
            })
        );
    }

    #[test]
    fn masks_values_but_keeps_their_shape() {
        for (value, shown) in [
            ("ada@example.com", "a•••@e•••.com"),
            ("+44 20 7946 4567", "•••-4567"),
            ("1990-02-28", "••••-••-••"),
            ("28.02.1990", "••.••.••••"),
            ("28-02-1990", "••-••-••••"),
            ("19900228", "••••••••"),
            ("1234.50", "••••.••"),
            ("42", "••"),
            ("gold", "g•••"),
            ("M", "•••"),
            ("JP", "•••"),
            ("New York, NY", "N•••"),
            ("東京都", "東•••"),
            ("C-0001234", "C•••"),
            ("-", "•••"),
            ("", "•••"),
        ] {
            assert_eq!(masked(value), shown, "{value}");
        }
    }
}
