//! `/batches`.

use bytes::{BufMut, Bytes, BytesMut};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::{
    omnisend::Problem,
    run::{InlineTags, TagSet},
};

const BODY_START: &[u8] = br#"{"endpoint":"contacts","method":"POST","items":["#;
const BODY_END: &[u8] = b"]}";

/// What a batch's body takes besides its contacts and the commas between them, in bytes.
pub fn batch_body_overhead() -> usize {
    BODY_START.len() + BODY_END.len()
}

/// The body of a `POST /batches`. The contacts go in as they were prepared, each with its tags.
pub fn batch_body<'a>(
    contacts: impl IntoIterator<Item = (&'a RawValue, TagSet)>,
    tags: &InlineTags,
) -> Bytes {
    let mut body = BytesMut::new();
    body.put_slice(BODY_START);
    for (n, (contact, set)) in contacts.into_iter().enumerate() {
        if n > 0 {
            body.put_u8(b',');
        }
        tags.write(contact, set, &mut body);
    }
    body.put_slice(BODY_END);
    body.freeze()
}

/// The answer to a `POST /batches`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Posted {
    /// The batch's id.
    #[serde(rename = "batchID")]
    pub batch_id: String,
    /// How many items it took, where it says so.
    #[serde(default, rename = "totalCount")]
    pub total_count: Option<u64>,
}

/// A batch as a listing shows it. Counts that are missing stay missing: they are not zeros.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchStatus {
    /// The batch's id.
    #[serde(rename = "batchID")]
    pub batch_id: String,
    /// `pending`, `inProgress`, `finished` or `stopped`.
    #[serde(default)]
    pub status: String,
    /// Items that it was posted with.
    pub total_count: Option<u64>,
    /// Items that were worked on.
    pub finished_count: Option<u64>,
    /// Items that were refused.
    pub errors_count: Option<u64>,
}

impl BatchStatus {
    /// Whether nothing more will happen to it.
    pub fn is_over(&self) -> bool {
        matches!(self.status.as_str(), "finished" | "stopped")
    }

    /// Whether it says of every one of its `contacts` that Omnisend took it.
    pub fn is_clean(&self, contacts: u64) -> bool {
        self.status == "finished" && self.errors_count == Some(0) && self.finished_count == Some(contacts)
    }
}

/// The answer to a `GET /batches`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::omnisend) struct BatchList {
    /// Under `data` in what others report of the API; which one it is now is not documented.
    #[serde(alias = "data")]
    pub batches: Vec<BatchStatus>,
}

/// What became of each item of a batch, as far as it is told.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct BatchItems {
    /// Answers to the items.
    #[serde(deserialize_with = "or_default")]
    pub responses: Vec<BatchItem>,
    /// Those of them that are errors.
    #[serde(deserialize_with = "or_default")]
    pub errors: Vec<BatchItem>,
}

/// What became of one item. Which one it is, only its `request` tells for sure: that `itemID` is its place is
/// not documented.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct BatchItem {
    /// The item as it was posted, as JSON or as a string of JSON.
    pub request: Option<serde_json::Value>,
    /// The answer to it, likewise.
    pub response: Option<serde_json::Value>,
    /// The answer's HTTP status.
    pub response_code: Option<u16>,
}

impl BatchItem {
    /// The e-mail address that the item was posted with.
    pub fn email(&self) -> Option<String> {
        let contact = object(self.request.as_ref()?)?;
        let identifiers = contact.get("identifiers")?.as_array()?;
        let email =
            identifiers.iter().find(|identifier| identifier.get("type").is_some_and(|t| t == "email"))?;
        Some(email.get("id")?.as_str()?.to_owned())
    }

    /// What Omnisend said of it.
    pub fn problem(&self) -> Problem {
        let response = self.response.as_ref().and_then(object);
        response.and_then(|value| serde_json::from_value(value).ok()).unwrap_or_default()
    }
}

/// A JSON value, or the one inside a string of JSON.
fn object(value: &serde_json::Value) -> Option<serde_json::Value> {
    match value {
        serde_json::Value::String(text) => serde_json::from_str(text).ok(),
        other => Some(other.clone()),
    }
}

/// `null` is an empty list.
fn or_default<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<BatchItem>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
