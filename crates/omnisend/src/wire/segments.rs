//! `/segments`.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    paging::Paging,
    tolerant::{list, null_as_default},
};

/// A segment in Omnisend.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Segment {
    /// Omnisend's id of the segment.
    #[serde(rename = "segmentID", alias = "id", deserialize_with = "null_as_default")]
    pub id: String,
    /// The segment's name.
    #[serde(deserialize_with = "null_as_default")]
    pub name: String,
    status: Option<String>,
    condition_groups: Option<Value>,
}

impl Segment {
    /// Returns whether it is archived: Omnisend keeps it, and does not use it.
    pub fn is_archived(&self) -> bool {
        self.status.as_deref() == Some("archived")
    }

    /// Returns whether its only condition is that a contact has a tag. `None` if the answer leaves out the conditions.
    pub fn is_of_tag(&self, tag: &str) -> Option<bool> {
        let groups = self.condition_groups.as_ref().filter(|groups| !groups.is_null())?;
        Some(only_tag(groups).is_some_and(|found| found == tag))
    }
}

/// Returns the tag, if the only condition is that a contact has one tag.
fn only_tag(groups: &Value) -> Option<&str> {
    let conditions = only(groups)?.get("conditions")?;
    let filter = only(only(conditions)?.get("filters")?)?;
    let is = |key: &str, word: &str| filter.get(key).is_some_and(|value| value == word);
    let is_on_tags = is("property", "tags") && (is("operator", "anyOf") || is("operator", "allOf"));
    only(filter.get("value").filter(|_| is_on_tags)?)?.as_str()
}

/// Returns the only element of a list.
fn only(list: &Value) -> Option<&Value> {
    match list.as_array()?.as_slice() {
        [only] => Some(only),
        _ => None,
    }
}

/// Returns the body of a `POST /segments`: a segment of the contacts that have a tag.
pub(crate) fn new_segment(name: &str, tag: &str) -> Bytes {
    let filter = json!({ "property": "tags", "operator": "anyOf", "value": [tag] });
    let condition = json!({ "entity": "contact", "junction": "and", "filters": [filter] });
    let body = json!({ "name": name, "conditionGroups": [{ "conditions": [condition] }] });
    body.to_string().into()
}

/// A page of the brand's segments.
#[derive(Debug)]
pub struct SegmentPage {
    /// The segments of this page.
    pub segments: Vec<Segment>,
    /// The next page's cursor, if there is a next page.
    pub next: Option<String>,
}

/// The answer to a `GET /segments`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct SegmentList {
    #[serde(alias = "data", deserialize_with = "list")]
    segments: Vec<Segment>,
    #[serde(deserialize_with = "null_as_default")]
    paging: Paging,
}

impl From<SegmentList> for SegmentPage {
    fn from(list: SegmentList) -> Self {
        Self { segments: list.segments, next: list.paging.next() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recognises_a_segment_of_one_tag() {
        let created: Value = serde_json::from_slice(&new_segment("VIP", "segment: VIP")).unwrap();
        let segment = |groups: &Value| {
            serde_json::from_value::<Segment>(json!({ "segmentID": "1", "conditionGroups": groups })).unwrap()
        };
        let groups = &created["conditionGroups"];
        assert_eq!(segment(groups).is_of_tag("segment: VIP"), Some(true));
        assert_eq!(segment(groups).is_of_tag("segment: VIPs"), Some(false));
        assert_eq!(segment(&Value::Null).is_of_tag("segment: VIP"), None);
        for (place, other) in [
            ("/0/conditions/0/filters/0/property", json!("country")),
            ("/0/conditions/0/filters/0/operator", json!("noneOf")),
            ("/0/conditions/0/filters/0/value", json!(["segment: VIP", "b"])),
            ("/0/conditions/0/filters", json!([])),
            ("/0", json!({})),
        ] {
            let mut changed = groups.clone();
            *changed.pointer_mut(place).unwrap() = other;
            assert_eq!(segment(&changed).is_of_tag("segment: VIP"), Some(false), "{changed}");
        }
    }

    #[test]
    fn a_page_has_a_next_one_only_if_there_is_more() {
        let page = |text: &str| SegmentPage::from(serde_json::from_str::<SegmentList>(text).unwrap());
        let more = page(
            r#"{"segments": [{"segmentID": "s", "name": "VIP"}],
            "paging": {"cursors": {"after": "c"}, "hasMore": true}}"#,
        );
        assert_eq!((more.segments[0].name.as_str(), more.next.as_deref()), ("VIP", Some("c")));
        assert_eq!(page(r#"{"paging": {"cursors": {"after": "c"}, "hasMore": false}}"#).next, None);
        assert_eq!(page(r#"{"paging": {"cursors": {"after": null}, "hasMore": true}}"#).next, None);
        for text in [
            r#"{"segments": null, "paging": null}"#,
            r#"{"segments": [null], "paging": {"cursors": null, "hasMore": null}}"#,
        ] {
            let page = page(text);
            assert_eq!((page.segments, page.next), (vec![], None), "{text}");
        }
    }

    #[test]
    fn tells_an_archived_segment_and_reads_null_as_empty() {
        let segment = |text: &str| serde_json::from_str::<Segment>(text).unwrap();
        assert!(segment(r#"{"status": "archived"}"#).is_archived());
        assert!(!segment(r#"{"status": "building"}"#).is_archived());
        assert!(!segment(r#"{"status": null}"#).is_archived());
        assert_eq!(
            segment(r#"{"id": "s", "name": null}"#),
            Segment { id: "s".to_owned(), ..Segment::default() }
        );
    }
}
