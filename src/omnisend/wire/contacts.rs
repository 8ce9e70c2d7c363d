//! `/contacts` and `/contacts/tags`.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

/// A contact as the API shows it: what this product asks of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Contact {
    /// Its tags. `None` where the answer does not speak of them, which is not the same as none.
    pub tags: Option<Vec<String>>,
    email: Option<String>,
    identifiers: Vec<Identifier>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct Identifier {
    id: String,
}

impl Contact {
    /// Whether it is the contact with an address. Whether the API tells addresses apart by case is not documented.
    pub(in crate::omnisend) fn has_email(&self, email: &str) -> bool {
        let ids = self.identifiers.iter().map(|identifier| &identifier.id);
        self.email.iter().chain(ids).any(|id| id.eq_ignore_ascii_case(email))
    }
}

/// The answer to a `GET /contacts`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::omnisend) struct ContactList {
    #[serde(alias = "data")]
    pub contacts: Vec<Contact>,
}

/// The body of a request to `/contacts/tags`.
#[derive(Debug, Serialize)]
pub(in crate::omnisend) struct TagChange<'a> {
    pub tags: &'a [&'a str],
    pub emails: &'a [&'a str],
}

impl TagChange<'_> {
    pub(in crate::omnisend) fn body(&self) -> Bytes {
        // Texts in lists: there is nothing in it that JSON could refuse.
        serde_json::to_vec(self).unwrap_or_default().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contact_is_known_by_any_of_its_addresses_and_silence_is_not_an_empty_list() {
        let list = r#"{"contacts": [
            {"contactID": "1", "identifiers": [{"type": "email", "id": "Ada@example.com"}], "tags": ["a"]},
            {"email": "bob@example.com", "tags": []},
            {"email": "eve@example.com"}], "paging": {"hasMore": false}}"#;
        let list: ContactList = serde_json::from_str(list).unwrap();
        let of = |email: &str| list.contacts.iter().find(|contact| contact.has_email(email));
        assert_eq!(of("ada@example.com").unwrap().tags, Some(vec!["a".to_owned()]));
        assert_eq!(of("bob@example.com").unwrap().tags, Some(vec![]));
        assert_eq!(of("eve@example.com").unwrap().tags, None);
        assert_eq!(of("mallory@example.com"), None);
    }

    #[test]
    fn a_change_of_tags_says_nothing_but_tags_and_addresses() {
        let change = TagChange { tags: &["segment: VIP"], emails: &["ada@example.com"] };
        assert_eq!(change.body(), r#"{"tags":["segment: VIP"],"emails":["ada@example.com"]}"#);
    }
}
