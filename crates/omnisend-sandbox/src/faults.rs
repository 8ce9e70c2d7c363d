//! Faults that the sandbox can be told to have, as JSON and as the short text of a command line.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A fault, and the requests that it falls on.
///
/// As JSON `{"fault": "status", "status": 503, "count": 3, "path": "/batches"}`, as text
/// `status=503,count=3,path=/batches`: in the text the fault's name comes first, with its main value where it has
/// one. `method`, `path`, `skip` and `count` go with every fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Map<String, Value>", into = "Map<String, Value>")]
pub struct Fault {
    /// Only requests of this method.
    pub method: Option<String>,
    /// Only requests to this path below `/api`, such as `/batches`; `*` stands for any text. Without it: any path.
    pub path: Option<String>,
    /// How many matching requests (items, where the fault is an item's) pass first.
    pub skip: u32,
    /// How many it falls on after those; `None`: all.
    pub count: Option<u32>,
    /// What happens to them.
    pub kind: FaultKind,
}

/// What a fault does. The variants that concern batches fall on `POST /batches`, [`FaultKind::ShiftListing`] on
/// `GET /batches`, [`FaultKind::RefuseItem`] on contacts; the others on any request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fault", rename_all = "snake_case", deny_unknown_fields)]
pub enum FaultKind {
    /// Answers with this status and a problem body.
    Status {
        /// From 300 to 599.
        status: u16,
        /// Seconds, as `retryAfter` in the body.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after: Option<u64>,
        /// Seconds, as a `Retry-After` header.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after_header: Option<u64>,
        /// Answers in HTML, as a proxy in front of a service does.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        html: bool,
        /// Whether the request has been carried out by then.
        #[serde(default, skip_serializing_if = "When::is_before")]
        when: When,
    },
    /// Resets the connection instead of answering.
    Reset {
        /// Whether the request has been carried out by then.
        #[serde(default, skip_serializing_if = "When::is_before")]
        when: When,
    },
    /// Never answers.
    Hang {
        /// Whether the request has been carried out by then.
        #[serde(default, skip_serializing_if = "When::is_before")]
        when: When,
    },
    /// Waits before it carries the request out.
    Delay {
        /// Milliseconds.
        ms: u64,
    },
    /// The batch stays `inProgress`, and none of its items is processed.
    StuckBatch {},
    /// The batch is `stopped` after some of its items.
    StoppedBatch {
        /// How many items are processed before.
        after: usize,
    },
    /// The batch's `errorsCount` is higher by this, and its items are not shown.
    ErrorsWithoutItems {
        /// How many errors too many.
        errors: usize,
    },
    /// The batch's `errorsCount` is left out though its items show their errors.
    ItemsWithoutErrors {},
    /// Batches of another integration arrive just before the listing is read, so that its pages shift.
    ShiftListing {
        /// How many.
        by: usize,
    },
    /// Refuses a contact by its email address, in a batch or on its own.
    RefuseItem {
        /// The address.
        email: String,
        /// The `code` of the failure.
        #[serde(default = "refused")]
        code: String,
        /// The `message` of the failure.
        #[serde(default = "refused_by_fault")]
        message: String,
        /// The status of the item, from 400 to 599.
        #[serde(default = "bad_request")]
        response_code: u16,
    },
}

/// Whether a fault comes before or after the request was carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// It never is.
    #[default]
    Before,
    /// It was: the client cannot know.
    After,
}

/// Why a text or a JSON value is not a fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidFault {
    /// A part of the text that is not `name=value`, or the JSON does not fit.
    #[error(
        "not a fault: {0}; write one as `status=503,count=3,path=/batches`, `hang,when=after` or `stuck_batch`"
    )]
    Shape(String),
    /// A status that cannot be answered.
    #[error("status {0} is no failure: use 300 to 599 (400 to 599 for an item)")]
    Status(u16),
}

/// The faults by name, each with the field that its value fills in the text form.
const NAMES: [(&str, &str); 10] = [
    ("status", "status"),
    ("reset", ""),
    ("hang", ""),
    ("delay", "ms"),
    ("stuck_batch", ""),
    ("stopped_batch", "after"),
    ("errors_without_items", "errors"),
    ("items_without_errors", ""),
    ("shift_listing", "by"),
    ("refuse_item", "email"),
];

fn refused() -> String {
    "refused".to_owned()
}

fn refused_by_fault() -> String {
    "was refused by a fault of the sandbox's".to_owned()
}

fn bad_request() -> u16 {
    400
}

impl When {
    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "serde's skip_serializing_if hands a reference over"
    )]
    fn is_before(&self) -> bool {
        *self == Self::Before
    }
}

impl FaultKind {
    /// Whether nothing of the request goes on behind it.
    pub(crate) fn is_last(&self) -> bool {
        matches!(self, Self::Status { .. } | Self::Reset { .. } | Self::Hang { .. })
    }
}

impl TryFrom<Map<String, Value>> for Fault {
    type Error = InvalidFault;

    fn try_from(mut map: Map<String, Value>) -> Result<Self, InvalidFault> {
        let method = take::<Option<String>>(&mut map, "method")?.map(|method| method.to_ascii_uppercase());
        let path = take(&mut map, "path")?;
        let skip = take::<Option<u32>>(&mut map, "skip")?.unwrap_or(0);
        let count = take(&mut map, "count")?;
        let kind = serde_json::from_value(Value::Object(map)).map_err(shape)?;
        match kind {
            FaultKind::Status { status, .. } if !(300..=599).contains(&status) => {
                Err(InvalidFault::Status(status))
            }
            FaultKind::RefuseItem { response_code: status, .. } if !(400..=599).contains(&status) => {
                Err(InvalidFault::Status(status))
            }
            kind => Ok(Self { method, path, skip, count, kind }),
        }
    }
}

fn take<T: serde::de::DeserializeOwned>(map: &mut Map<String, Value>, key: &str) -> Result<T, InvalidFault> {
    let value = map.remove(key).unwrap_or_default();
    serde_json::from_value(value).map_err(|error| InvalidFault::Shape(format!("`{key}`: {error}")))
}

#[expect(clippy::needless_pass_by_value, reason = "handed to map_err")]
fn shape(error: serde_json::Error) -> InvalidFault {
    InvalidFault::Shape(error.to_string())
}

impl From<Fault> for Map<String, Value> {
    fn from(fault: Fault) -> Self {
        let mut map = match serde_json::to_value(&fault.kind) {
            Ok(Value::Object(map)) => map,
            _ => Self::new(),
        };
        let filters = [
            ("method", fault.method.map(Value::from)),
            ("path", fault.path.map(Value::from)),
            ("skip", (fault.skip > 0).then(|| fault.skip.into())),
            ("count", fault.count.map(Value::from)),
        ];
        map.extend(filters.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
        map
    }
}

impl FromStr for Fault {
    type Err = InvalidFault;

    fn from_str(text: &str) -> Result<Self, InvalidFault> {
        let mut parts = text.split(',').map(|part| match part.split_once('=') {
            Some((name, value)) => (name.trim(), Some(value.trim())),
            None => (part.trim(), None),
        });
        let (name, main) = parts.next().unwrap_or_default();
        let Some((_, field)) = NAMES.into_iter().find(|(known, _)| *known == name) else {
            let names = NAMES.map(|(name, _)| name).join(", ");
            return Err(InvalidFault::Shape(format!("`{name}` is none of {names}")));
        };
        let mut map = Map::from_iter([("fault".to_owned(), name.into())]);
        match main {
            Some(value) if !field.is_empty() => _ = map.insert(field.to_owned(), scalar(field, value)),
            Some(_) => return Err(InvalidFault::Shape(format!("`{name}` takes no value"))),
            None => {}
        }
        for (name, value) in parts {
            // A word on its own is a switch: `html`.
            let value = value.map_or(Value::Bool(true), |value| scalar(name, value));
            if map.insert(name.to_owned(), value).is_some() {
                return Err(InvalidFault::Shape(format!("`{name}` stands there twice")));
            }
        }
        map.try_into()
    }
}

/// A value of the text form: a number or a switch where it reads as one, except in fields that hold text.
fn scalar(field: &str, text: &str) -> Value {
    match field {
        "email" | "code" | "message" | "path" | "method" | "when" => text.into(),
        _ => serde_json::from_str(text).unwrap_or_else(|_| text.into()),
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut map = Map::from(self.clone());
        let name = map.remove("fault").unwrap_or_default();
        let name = name.as_str().unwrap_or_default();
        f.write_str(name)?;
        let main =
            NAMES.into_iter().find(|(known, _)| *known == name).and_then(|(_, field)| map.remove(field));
        if let Some(value) = main {
            write!(f, "={}", plain(&value))?;
        }
        map.iter().try_for_each(|(name, value)| write!(f, ",{name}={}", plain(value)))
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn text_json_and_value_are_one() {
        for (text, json) in [
            (
                "status=503,count=3,path=/batches",
                json!({"fault": "status", "status": 503, "count": 3, "path": "/batches"}),
            ),
            (
                "status=429,html=true,retry_after_header=7",
                json!({"fault": "status", "status": 429, "html": true, "retry_after_header": 7}),
            ),
            ("status=502,when=after", json!({"fault": "status", "status": 502, "when": "after"})),
            ("reset,method=POST,skip=2", json!({"fault": "reset", "method": "POST", "skip": 2})),
            ("hang,when=after", json!({"fault": "hang", "when": "after"})),
            ("delay=250", json!({"fault": "delay", "ms": 250})),
            ("stuck_batch,count=1", json!({"fault": "stuck_batch", "count": 1})),
            ("stopped_batch=3", json!({"fault": "stopped_batch", "after": 3})),
            ("errors_without_items=2", json!({"fault": "errors_without_items", "errors": 2})),
            ("items_without_errors", json!({"fault": "items_without_errors"})),
            ("shift_listing=5", json!({"fault": "shift_listing", "by": 5})),
            (
                "refuse_item=a@x.io,code=1,message=no,response_code=422",
                json!({"fault": "refuse_item", "email": "a@x.io", "code": "1", "message": "no", "response_code": 422}),
            ),
        ] {
            let fault: Fault = text.parse().unwrap();
            assert_eq!(serde_json::to_value(&fault).unwrap(), json, "{text}");
            assert_eq!(serde_json::from_value::<Fault>(json).unwrap(), fault, "{text}");
            assert_eq!(fault.to_string().parse::<Fault>().unwrap(), fault, "{fault}");
        }
        assert_eq!("status=429,html".parse::<Fault>(), "status=429,html=true".parse());
        assert_eq!("status=503,method=post".parse::<Fault>().unwrap().method.as_deref(), Some("POST"));
    }

    #[test]
    fn what_is_not_a_fault_says_why() {
        for (text, part) in [
            ("", "`` is none of status"),
            ("sttus=503", "`sttus` is none of status"),
            ("status", "missing field `status`"),
            ("status=200", "status 200 is no failure"),
            ("status=abc", "invalid type"),
            ("status=503,after=2", "unknown field `after`"),
            ("status=503,count=-1", "`count`"),
            ("reset=1", "`reset` takes no value"),
            ("stuck_batch,ms=5", "unknown field `ms`"),
            ("reset,skip=1,skip=2", "`skip` stands there twice"),
            ("refuse_item=a@x.io,response_code=200", "status 200 is no failure"),
        ] {
            let error = text.parse::<Fault>().unwrap_err().to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
