//! Values that give nobody away.

use serde_json::Value;

/// What is in a contact that is nobody's data: the words of the API, the export's own tags, and whence consent came.
const OPEN: [&str; 5] = ["type", "tags", "status", "source", "sendWelcomeMessage"];

/// Custom properties are named by the export: none of their values is a word of the API.
const PROPERTIES: &str = "customProperties";

/// What stands for what is not shown.
const HIDDEN: &str = "•••";

/// A value with its shape left: the first letter of a word and its separators, and of digits none, or the last four
/// of a long number.
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

/// Leaves a contact's form, and of each value its shape.
pub(crate) fn mask_contact(contact: &mut Value) {
    mask(contact, &OPEN);
}

fn mask(value: &mut Value, open: &[&str]) {
    match value {
        Value::Object(map) => {
            for (key, value) in map.iter_mut().filter(|(key, _)| !open.contains(&key.as_str())) {
                mask(value, if key == PROPERTIES { &[] } else { open });
            }
        }
        Value::Array(list) => list.iter_mut().for_each(|value| mask(value, open)),
        Value::String(text) if !text.is_empty() => *text = masked(text),
        Value::Number(number) => *value = Value::String(masked(&number.to_string())),
        Value::Bool(_) => *value = Value::String(masked("")),
        Value::String(_) | Value::Null => {}
    }
}

/// Whether a value of digits is a day: eight of them, with a year at one end.
fn is_date(value: &str) -> bool {
    let digits: String = value.chars().filter(char::is_ascii_digit).collect();
    let is_year =
        |year: Option<&str>| year.is_some_and(|year| year.starts_with("19") || year.starts_with("20"));
    digits.len() == 8 && (is_year(digits.get(..4)) || is_year(digits.get(4..)))
}

/// The first letter of a word that has more.
fn word(text: &str) -> String {
    let first = text.chars().next().filter(|c| c.is_alphabetic() && text.chars().count() > 2);
    first.map_or_else(|| HIDDEN.to_owned(), |first| format!("{first}{HIDDEN}"))
}

/// `••/••/••••`: runs of digits as they are long, and what stands between them.
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
    fn a_contact_keeps_its_form_and_nothing_else() {
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
    fn a_shape_is_left_and_the_value_is_not() {
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
