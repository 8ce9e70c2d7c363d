//! `/contacts` and `/contacts/tags`.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::tolerant::{list, list_if_present, null_as_default};

/// A contact as Omnisend returns it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Contact {
    /// The contact's tags; none if they are `null`. `None` if the answer does not mention tags, which does not mean that
    /// the contact has none.
    #[serde(deserialize_with = "list_if_present")]
    pub tags: Option<Vec<String>>,
    email: Option<String>,
    #[serde(deserialize_with = "list")]
    identifiers: Vec<Identifier>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct Identifier {
    #[serde(deserialize_with = "null_as_default")]
    id: String,
}

impl Contact {
    /// Returns whether the contact has an email address. Whether Omnisend distinguishes upper and lower case is not
    /// documented; this does not.
    pub(crate) fn has_email(&self, email: &str) -> bool {
        let ids = self.identifiers.iter().map(|identifier| &identifier.id);
        self.email.iter().chain(ids).any(|id| id.eq_ignore_ascii_case(email))
    }
}

/// The answer to `GET /contacts`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ContactList {
    #[serde(alias = "data", deserialize_with = "list")]
    pub contacts: Vec<Contact>,
}

/// The body of a request to `/contacts/tags`.
#[derive(Debug, Serialize)]
pub(crate) struct TagChange<'a> {
    pub tags: &'a [&'a str],
    pub emails: &'a [&'a str],
}

impl TagChange<'_> {
    pub(crate) fn body(&self) -> Bytes {
        // Lists of texts can always be written as JSON.
        serde_json::to_vec(self).unwrap_or_default().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_a_contact_by_any_of_its_addresses_and_tells_missing_tags_from_no_tags() {
        let list = r#"{"contacts": [
            {"contactID": "1", "identifiers": [{"type": "email", "id": "Ada@example.com"}], "tags": ["a"]},
            {"email": "bob@example.com", "tags": []},
            null,
            {"email": null, "identifiers": [{"id": null}, null, {"id": "cyd@example.com"}], "tags": null},
            {"email": "dan@example.com", "identifiers": null, "tags": [null, "a"]},
            {"email": "eve@example.com"}], "paging": {"hasMore": false}}"#;
        let list: ContactList = serde_json::from_str(list).unwrap();
        let find = |email: &str| list.contacts.iter().find(|contact| contact.has_email(email));
        assert_eq!(find("ada@example.com").unwrap().tags, Some(vec!["a".to_owned()]));
        assert_eq!(find("bob@example.com").unwrap().tags, Some(vec![]));
        assert_eq!(find("cyd@example.com").unwrap().tags, Some(vec![]), "null is empty");
        assert_eq!(find("dan@example.com").unwrap().tags, Some(vec!["a".to_owned()]));
        assert_eq!(find("eve@example.com").unwrap().tags, None);
        assert_eq!(find("mallory@example.com"), None);
    }

    #[test]
    fn reads_null_as_no_contacts() {
        for text in [r#"{"contacts": null, "paging": null}"#, r#"{"contacts": []}"#, "{}"] {
            let list: ContactList = serde_json::from_str(text).unwrap();
            assert_eq!(list.contacts, [], "{text}");
        }
    }

    #[test]
    fn a_tag_change_holds_only_tags_and_addresses() {
        let change = TagChange { tags: &["segment: VIP"], emails: &["ada@example.com"] };
        assert_eq!(change.body(), r#"{"tags":["segment: VIP"],"emails":["ada@example.com"]}"#);
    }
}
