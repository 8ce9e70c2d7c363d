//! A fault, and its JSON form.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A fault, and the requests on which it fires.
///
/// Its JSON form is `{"fault": "status", "status": 503, "count": 3, "path": "/batches"}`. Its text form is
/// `status=503,count=3,path=/batches`: the name of the fault first, with its main value if it has one. `method`, `path`,
/// `skip` and `count` apply to every fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Map<String, Value>", into = "Map<String, Value>")]
pub struct Fault {
    /// The method that a request must have; `None` matches any.
    pub method: Option<String>,
    /// The path below `/api` that a request must have, such as `/batches`; `*` matches any text. `None` matches any
    /// path.
    pub path: Option<String>,
    /// How many matching requests pass before the first on which the fault fires (items, for
    /// [`FaultKind::RefuseItem`]).
    pub skip: u32,
    /// How many of the following requests the fault fires on; `None` for all.
    pub count: Option<u32>,
    /// What the fault does.
    pub kind: FaultKind,
}

/// What a fault does. The kinds about batches fire on `POST /batches`, [`FaultKind::ShiftListing`] on `GET /batches`,
/// [`FaultKind::RefuseItem`] on contacts, and the others on any request.
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
        /// Answers with HTML instead, as a proxy in front of a service does.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        html: bool,
        /// Whether the fault fires before or after the request is carried out.
        #[serde(default, skip_serializing_if = "Timing::is_before")]
        when: Timing,
    },
    /// Resets the connection instead of answering.
    Reset {
        /// Whether the fault fires before or after the request is carried out.
        #[serde(default, skip_serializing_if = "Timing::is_before")]
        when: Timing,
    },
    /// Never answers.
    Hang {
        /// Whether the fault fires before or after the request is carried out.
        #[serde(default, skip_serializing_if = "Timing::is_before")]
        when: Timing,
    },
    /// Delays the request before it is carried out.
    Delay {
        /// In milliseconds.
        ms: u64,
    },
    /// Leaves the batch `inProgress` forever, with no item processed.
    StuckBatch {},
    /// Stops the batch after some of its items: its status is `stopped`.
    StoppedBatch {
        /// How many items are processed.
        after: usize,
    },
    /// Adds to the batch's `errorsCount` and hides its items.
    ErrorsWithoutItems {
        /// How many errors are added.
        errors: usize,
    },
    /// Omits the batch's `errorsCount`, although its items show their errors.
    ItemsWithoutErrors {},
    /// Adds finished batches of another integration just before the listing is read, so that its pages shift.
    ShiftListing {
        /// How many batches.
        by: usize,
    },
    /// Refuses the contact with an email address, in a batch or on its own.
    RefuseItem {
        /// The email address.
        email: String,
        /// The `code` of the error.
        #[serde(default = "refused")]
        code: String,
        /// The `message` of the error.
        #[serde(default = "refused_by_fault")]
        message: String,
        /// The HTTP status of the refusal, from 400 to 599.
        #[serde(default = "bad_request")]
        response_code: u16,
    },
}

/// Whether a fault fires before or after the request is carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Timing {
    /// The request is not carried out.
    #[default]
    Before,
    /// The request was carried out, which the client cannot tell.
    After,
}

/// Why a text or a JSON value does not describe a fault.
#[derive(Debug, thiserror::Error)]
pub enum InvalidFault {
    /// The text starts with a name that no fault has.
    #[error("`{name}` is not one of {known}")]
    UnknownName {
        /// The name in the text.
        name: String,
        /// The names of all faults.
        known: String,
    },
    /// The text gives a main value to a fault that has none.
    #[error("`{0}` takes no value")]
    UnexpectedValue(String),
    /// The text gives the same field twice.
    #[error("`{0}` is given twice")]
    Repeated(String),
    /// The value of `method`, `path`, `skip` or `count` has the wrong type.
    #[error("`{field}` is not valid: {source}")]
    Filter {
        /// The field's name.
        field: &'static str,
        /// Why the value is not valid.
        source: serde_json::Error,
    },
    /// A field is missing, unknown or of the wrong type.
    #[error("{0}; write a fault as `status=503,count=3,path=/batches`, `hang,when=after` or `stuck_batch`")]
    Fields(#[from] serde_json::Error),
    /// An HTTP status that is not a failure.
    #[error("status {0} is not a failure; use 300 to 599 (400 to 599 for `refuse_item`)")]
    Status(u16),
}

fn refused() -> String {
    "refused".to_owned()
}

fn refused_by_fault() -> String {
    "was refused by a fault of the sandbox".to_owned()
}

fn bad_request() -> u16 {
    400
}

impl Timing {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's skip_serializing_if passes a reference")]
    fn is_before(&self) -> bool {
        *self == Self::Before
    }
}

impl FaultKind {
    /// Returns when the fault ends the request, or `None` if it does not end it.
    pub(crate) fn ends_request(&self) -> Option<Timing> {
        match self {
            Self::Status { when, .. } | Self::Reset { when } | Self::Hang { when } => Some(*when),
            _ => None,
        }
    }
}

impl TryFrom<Map<String, Value>> for Fault {
    type Error = InvalidFault;

    fn try_from(mut map: Map<String, Value>) -> Result<Self, InvalidFault> {
        let method = take::<Option<String>>(&mut map, "method")?.map(|method| method.to_ascii_uppercase());
        let path = take(&mut map, "path")?;
        let skip = take::<Option<u32>>(&mut map, "skip")?.unwrap_or(0);
        let count = take(&mut map, "count")?;
        match serde_json::from_value(Value::Object(map))? {
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

fn take<T: DeserializeOwned>(map: &mut Map<String, Value>, field: &'static str) -> Result<T, InvalidFault> {
    let value = map.remove(field).unwrap_or_default();
    serde_json::from_value(value).map_err(|source| InvalidFault::Filter { field, source })
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
