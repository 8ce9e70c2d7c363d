//! `/batches`.

use bytes::{BufMut, Bytes, BytesMut};
use serde::Deserialize;
use serde_json::Value;

use super::tolerant::{list, null_as_default};
use crate::problem::Problem;

const BODY_START: &[u8] = br#"{"endpoint":"contacts","method":"POST","items":["#;
const BODY_END: &[u8] = b"]}";

/// Returns the bytes of a batch's body without its items and the commas between them.
pub const fn batch_body_overhead() -> usize {
    BODY_START.len() + BODY_END.len()
}

/// Returns the body of a `POST /batches`: each item is a contact, which `write` appends as one JSON object.
///
/// ```
/// use bytes::BufMut;
///
/// let contacts = [r#"{"identifiers":[]}"#, r#"{"identifiers":[]}"#];
/// let body = omnisend::batch_body(contacts, |contact, body| body.put_slice(contact.as_bytes()));
/// let commas = contacts.len() - 1;
/// assert_eq!(body.len(), omnisend::batch_body_overhead() + contacts.concat().len() + commas);
/// ```
pub fn batch_body<T>(items: impl IntoIterator<Item = T>, mut write: impl FnMut(T, &mut BytesMut)) -> Bytes {
    let mut body = BytesMut::new();
    body.put_slice(BODY_START);
    for (n, item) in items.into_iter().enumerate() {
        if n > 0 {
            body.put_u8(b',');
        }
        write(item, &mut body);
    }
    body.put_slice(BODY_END);
    body.freeze()
}

/// The answer to a `POST /batches`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Posted {
    /// Omnisend's id of the batch.
    #[serde(rename = "batchID")]
    pub batch_id: String,
    /// How many items Omnisend found in the batch, if it says so.
    #[serde(default, rename = "totalCount")]
    pub total_count: Option<u64>,
}

/// How far Omnisend has processed a batch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum BatchState {
    /// Not started.
    Pending,
    /// Started.
    InProgress,
    /// Every item was processed.
    Finished,
    /// Given up after too many errors: some items may not have been processed.
    Stopped,
    /// A state that the API reference does not list.
    #[default]
    #[serde(other)]
    Other,
}

/// A batch as Omnisend lists it. A missing count is `None`, not 0.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchStatus {
    /// Omnisend's id of the batch.
    #[serde(rename = "batchID")]
    pub batch_id: String,
    /// How far Omnisend has processed it.
    #[serde(default, rename = "status", deserialize_with = "null_as_default")]
    pub state: BatchState,
    /// The number of its items.
    pub total_count: Option<u64>,
    /// The number of items that were processed.
    pub finished_count: Option<u64>,
    /// The number of items that were refused.
    pub errors_count: Option<u64>,
}

impl BatchStatus {
    /// Returns whether Omnisend will process no more of its items.
    pub fn is_over(&self) -> bool {
        matches!(self.state, BatchState::Finished | BatchState::Stopped)
    }

    /// Returns whether the counts say that Omnisend accepted all of its `contacts`.
    pub fn is_clean(&self, contacts: u64) -> bool {
        self.state == BatchState::Finished
            && self.errors_count == Some(0)
            && self.finished_count == Some(contacts)
    }
}

/// The answer to a `GET /batches`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct BatchList {
    /// Third-party clients of earlier versions read them from `data`; which key this version uses is not documented.
    #[serde(alias = "data", deserialize_with = "list")]
    pub batches: Vec<BatchStatus>,
}

/// The outcomes of a batch's items. Items may be missing from both lists.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct BatchItems {
    /// Processed items.
    #[serde(deserialize_with = "list")]
    pub responses: Vec<BatchItem>,
    /// The refused ones among them.
    #[serde(deserialize_with = "list")]
    pub errors: Vec<BatchItem>,
}

/// The outcome of one item. Only [`email`](Self::email) identifies it for certain: `itemID` was seen as `1`, `2`, … in
/// recorded answers of version 3, and that it is the item's place is not documented.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct BatchItem {
    request: Option<Value>,
    response: Option<Value>,
    response_code: Option<u16>,
}

/// What happened to one item of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ItemOutcome {
    /// Omnisend created or updated the contact.
    Accepted,
    /// Omnisend refused the contact, and would refuse it again.
    Refused,
    /// Omnisend did not accept the contact, but may accept it next time.
    Failed,
}

impl BatchItem {
    /// Returns the email address that the item was posted with.
    pub fn email(&self) -> Option<String> {
        let contact = embedded_json(self.request.as_ref()?)?;
        let identifiers = contact.get("identifiers")?.as_array()?;
        let email = identifiers
            .iter()
            .find(|identifier| identifier.get("type").is_some_and(|kind| kind == "email"))?;
        Some(email.get("id")?.as_str()?.to_owned())
    }

    /// Returns what happened to the item, if Omnisend says so.
    pub fn outcome(&self) -> Option<ItemOutcome> {
        Some(match self.response_code? {
            200..=299 => ItemOutcome::Accepted,
            429 => ItemOutcome::Failed,
            400..=499 => ItemOutcome::Refused,
            _ => ItemOutcome::Failed,
        })
    }

    /// Omnisend's explanation.
    pub fn problem(&self) -> Problem {
        let response = self.response.as_ref().and_then(embedded_json);
        response.as_ref().map(Problem::from_json).unwrap_or_default()
    }

    /// Returns a label for reports of why the item was not accepted: the code of its first invalid field, or else its
    /// HTTP status in digits, or else `refused`.
    pub fn code(&self) -> String {
        let of_field = self.problem().errors.into_iter().next().and_then(|error| error.code);
        let of_status = || self.response_code.map(|status| status.to_string());
        of_field.or_else(of_status).unwrap_or_else(|| "refused".to_owned())
    }
}

/// Returns the JSON value, or, if it is a string that holds JSON, the value in it. Which of the two Omnisend sends is
/// not documented.
fn embedded_json(value: &Value) -> Option<Value> {
    match value {
        Value::String(text) => serde_json::from_str(text).ok(),
        other => Some(other.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_null_as_empty_and_leaves_out_null_elements() {
        let items: BatchItems =
            serde_json::from_str(r#"{"responses": null, "errors": [null, {"itemID": "1"}]}"#).unwrap();
        assert_eq!((items.responses.len(), items.errors.len()), (0, 1));
        let list: BatchList = serde_json::from_str(r#"{"batches": null}"#).unwrap();
        assert_eq!(list.batches, []);
        let batch =
            r#"{"batches": [{"batchID": "b", "status": null, "totalCount": null, "errorsCount": 0}, null]}"#;
        let list: BatchList = serde_json::from_str(batch).unwrap();
        assert_eq!((list.batches.len(), list.batches[0].state), (1, BatchState::Other));
        assert_eq!((list.batches[0].total_count, list.batches[0].errors_count), (None, Some(0)));
    }

    #[test]
    fn reads_the_errors_of_items_in_both_shapes() {
        let item = |response: &str| {
            let text = format!(r#"{{"itemID": "2", "responseCode": 400, "response": {response}}}"#);
            serde_json::from_str::<BatchItem>(&text).unwrap()
        };
        for (response, code, summary) in [
            (
                r#"{"detail": "no", "errors": [{"field": "f", "code": "c", "message": "bad"}]}"#,
                "c",
                "no; f: bad",
            ),
            (r#"{"detail": "no", "errors": null}"#, "400", "no"),
            (
                r#"{"error": "no", "fields": {"0": ["f is bad", "g is bad"]}}"#,
                "400",
                "no; f is bad; g is bad",
            ),
            (r#"{"error": "no"}"#, "400", "no"),
            (r#""{\"error\": \"no\", \"fields\": null}""#, "400", "no"),
        ] {
            let item = item(response);
            assert_eq!(
                (item.code().as_str(), item.problem().summary().as_deref()),
                (code, Some(summary)),
                "{response}"
            );
        }
        assert_eq!(item("null").problem().summary(), None);
    }
}
