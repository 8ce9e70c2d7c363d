//! Rows without what would tell whose they are.

use serde_json::Value;

use crate::{propose::masked, stage::plan::PreviewedRow};

/// What is in a contact that is nobody's data: the words of the API, the export's own tag, and times of consent.
const OPEN: [&str; 5] = ["type", "tags", "status", "source", "sendWelcomeMessage"];

/// Leaves of each value its shape.
pub(super) fn mask(row: &mut PreviewedRow) {
    for (_, cell) in &mut row.cells {
        if !cell.is_empty() {
            *cell = masked(cell);
        }
    }
    if let Some(contact) = &mut row.contact {
        mask_value(contact);
    }
}

fn mask_value(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.iter_mut()
                .filter(|(key, _)| !OPEN.contains(&key.as_str()))
                .for_each(|(_, value)| mask_value(value));
        }
        Value::Array(list) => list.iter_mut().for_each(mask_value),
        Value::String(text) if !text.is_empty() => *text = masked(text),
        Value::Number(number) => *value = Value::String(masked(&number.to_string())),
        Value::Bool(_) => *value = Value::String(masked("")),
        Value::String(_) | Value::Null => {}
    }
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
            "customProperties": {"ltv": 12.5, "vip": true, "likes": ["tea", "hats"]},
            "tags": ["segment: VIP"],
        });
        mask_value(&mut contact);
        assert_eq!(
            contact,
            json!({
                "identifiers": [{"type": "email", "id": "a•••@e•••.com", "sendWelcomeMessage": false,
                    "channels": {"email": {"status": "subscribed"}}}],
                "firstName": "A•••",
                "birthdate": "••••-••-••",
                "customProperties": {"ltv": "••.•", "vip": "•••", "likes": ["t•••", "h•••"]},
                "tags": ["segment: VIP"],
            })
        );
    }
}
