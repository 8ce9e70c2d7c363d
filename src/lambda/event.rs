//! What started an invocation, told by the event's shape.

use jiff::Timestamp;
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde_json::Value;

use crate::{
    keys::{ConnectionName, ExportName, RunId},
    run::{Allowed, Mode},
};

/// An event, understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Objects were created. Empty where the event is about S3 and about something else.
    Drop(Vec<Dropped>),
    /// A schedule came due.
    Schedule {
        /// When it was due.
        at: Timestamp,
    },
    /// Messages of the queue.
    Messages(Vec<Received>),
    /// Somebody, or EventBridge Scheduler, asks for something.
    Action(Action),
}

/// An object that was created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dropped {
    /// Its bucket.
    pub bucket: String,
    /// Its key, decoded.
    pub key: String,
}

/// A message of the queue.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Received {
    /// SQS's id of it, by which a failure is answered.
    pub message_id: String,
    /// The handle of this receive, by which it is released.
    pub receipt_handle: String,
    /// What it asks for.
    pub body: String,
    /// What SQS says of it.
    #[serde(default)]
    pub attributes: Attributes,
}

/// What SQS says of a message.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Attributes {
    /// The message's group.
    pub message_group_id: String,
    /// How often it was received.
    pub approximate_receive_count: String,
}

/// What somebody asks for.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case", tag = "action", deny_unknown_fields)]
pub enum Action {
    /// Run an export.
    Run {
        /// The export.
        export: ExportName,
        /// How much of the segment to send, instead of what the export says.
        #[serde(default)]
        mode: Option<Mode>,
        /// Say what would be sent, and send nothing.
        #[serde(default)]
        dry_run: bool,
        /// In a dry run, show the values of the first contacts, and not only their shape.
        #[serde(default)]
        show_values: bool,
        /// The guards that the run is let through.
        #[serde(default)]
        allow: Allowed,
        /// What tells this request from any other; the invocation's own id where it is not given.
        #[serde(default)]
        request: Option<String>,
    },
    /// Look whether a connection works: its file, its key, its brand.
    Connect {
        /// The connection.
        connection: ConnectionName,
    },
    /// Say how an export's runs stand.
    Status {
        /// The export.
        export: ExportName,
        /// Only this run of it; else the last ones.
        #[serde(default)]
        run: Option<RunId>,
    },
    /// Stop a run.
    Cancel {
        /// Its export.
        export: ExportName,
        /// The run.
        run: RunId,
    },
    /// Take away the tags that a run added.
    Undo {
        /// The run's export.
        export: ExportName,
        /// The run.
        run: RunId,
        /// What tells this request from any other; the invocation's own id where it is not given.
        #[serde(default)]
        request: Option<String>,
    },
    /// Have a parked run go on; of one that is over, send again what did not arrive.
    Replay {
        /// The run's export.
        export: ExportName,
        /// The run.
        run: RunId,
        /// Its rejects, corrected: a key of the state's bucket, or `s3://bucket/key`. Else they are sent as they were.
        #[serde(default)]
        file: Option<String>,
        /// What tells this request from any other; the invocation's own id where it is not given.
        #[serde(default)]
        request: Option<String>,
    },
    /// Look after runs that are not finished, and drops whose event never came.
    Sweep {
        /// Only one of them: no one role may do both.
        #[serde(default)]
        part: Option<Part>,
    },
}

/// A part of the sweep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Runs that are not finished.
    Runs,
    /// Drops whose event never came.
    Drops,
}

/// Why an event was not understood. Says nothing of its values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnknownEvent {
    /// It has none of the shapes.
    #[error(
        "this event is of no known shape; expected an S3 notification, EventBridge `Object Created` or \
         `Scheduled Event`, SQS records, or {{\"action\": \"run\", \"export\": \"…\"}}; it {0}"
    )]
    Shape(String),
    /// It has one of them, and is broken.
    #[error("this looks like {what} and cannot be read: {reason}")]
    Broken {
        /// What it looks like.
        what: &'static str,
        /// What is wrong.
        reason: String,
    },
}

impl Event {
    /// Tells an event by its shape.
    pub fn parse(event: &Value) -> Result<Self, UnknownEvent> {
        if event.get("action").is_some() {
            return read("an action", event).map(Self::Action);
        }
        if event.get("Event").and_then(Value::as_str) == Some("s3:TestEvent") {
            return Ok(Self::Drop(Vec::new()));
        }
        if let Some(records) = event.get("Records").and_then(Value::as_array) {
            return of_records(records);
        }
        match event.get("detail-type").and_then(Value::as_str) {
            Some("Object Created") => {
                let created: Created = read("EventBridge's `Object Created`", event)?;
                let Created { detail: Detail { bucket, object } } = created;
                // EventBridge gives keys as they are.
                Ok(Self::Drop(vec![Dropped { bucket: bucket.name, key: object.key }]))
            }
            Some("Scheduled Event") => {
                let Scheduled { time } = read("EventBridge's `Scheduled Event`", event)?;
                Ok(Self::Schedule { at: time })
            }
            Some(_) if event.get("source").and_then(Value::as_str) == Some("aws.s3") => {
                Ok(Self::Drop(Vec::new()))
            }
            _ => Err(UnknownEvent::Shape(shape(event))),
        }
    }
}

fn of_records(records: &[Value]) -> Result<Event, UnknownEvent> {
    let source = |record: &Value| {
        let source = record.get("eventSource").or_else(|| record.get("EventSource"));
        source.and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    match records.first().map(source).as_deref() {
        Some("aws:sqs") => {
            let read = |record| read("SQS records", record);
            records.iter().map(read).collect::<Result<_, _>>().map(Event::Messages)
        }
        Some("aws:s3") => {
            let mut dropped = Vec::new();
            for record in records {
                let Notified { event_name, s3 } = read("an S3 notification", record)?;
                if event_name.starts_with("ObjectCreated:") {
                    dropped.push(Dropped { bucket: s3.bucket.name, key: form_decoded(&s3.object.key)? });
                }
            }
            Ok(Event::Drop(dropped))
        }
        _ => {
            Err(UnknownEvent::Shape("has Records of a source that is neither aws:s3 nor aws:sqs".to_owned()))
        }
    }
}

/// S3 notifications encode keys as forms do: a space is `+`, other bytes are `%XX`.
fn form_decoded(key: &str) -> Result<String, UnknownEvent> {
    let spaced = key.replace('+', " ");
    let decoded = percent_decode_str(&spaced).decode_utf8();
    decoded.map(String::from).map_err(|_| UnknownEvent::Broken {
        what: "an S3 notification",
        reason: "a key is not UTF-8 once decoded".to_owned(),
    })
}

fn read<T: serde::de::DeserializeOwned>(what: &'static str, event: &Value) -> Result<T, UnknownEvent> {
    T::deserialize(event).map_err(|error| UnknownEvent::Broken { what, reason: error.to_string() })
}

fn shape(event: &Value) -> String {
    match event.as_object() {
        Some(object) if !object.is_empty() => {
            let keys: Vec<_> = object.keys().take(10).map(String::as_str).collect();
            format!("has the keys {}", keys.join(", "))
        }
        Some(_) => "is an empty object".to_owned(),
        None => "is no object at all".to_owned(),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Notified {
    event_name: String,
    s3: Detail,
}

#[derive(Deserialize)]
struct Created {
    detail: Detail,
}

#[derive(Deserialize)]
struct Detail {
    bucket: BucketName,
    object: ObjectName,
}

#[derive(Deserialize)]
struct BucketName {
    name: String,
}

#[derive(Deserialize)]
struct ObjectName {
    key: String,
}

#[derive(Deserialize)]
struct Scheduled {
    time: Timestamp,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn notification(name: &str, key: &str) -> Value {
        json!({"eventVersion": "2.1", "eventSource": "aws:s3", "eventName": name, "new field": 1,
               "s3": {"bucket": {"name": "b"}, "object": {"key": key, "size": 1, "versionId": "v"}}})
    }

    fn dropped(key: &str) -> Dropped {
        Dropped { bucket: "b".to_owned(), key: key.to_owned() }
    }

    #[test]
    fn both_encodings_of_a_key_are_the_same_object() {
        let encoded = json!({"Records": [notification("ObjectCreated:Put", "vip/a+b%2B%C3%A9%25.csv")]});
        assert_eq!(Event::parse(&encoded), Ok(Event::Drop(vec![dropped("vip/a b+é%.csv")])));
        let plain = json!({"detail-type": "Object Created", "source": "aws.s3",
            "detail": {"bucket": {"name": "b"}, "object": {"key": "vip/a b+é%.csv"}}});
        assert_eq!(Event::parse(&plain), Ok(Event::Drop(vec![dropped("vip/a b+é%.csv")])));
    }

    #[test]
    fn many_records_and_other_kinds_of_them() {
        let event = json!({"Records": [
            notification("ObjectCreated:Put", "1"),
            notification("ObjectRemoved:Delete", "2"),
            notification("ObjectCreated:CompleteMultipartUpload", "3")]});
        assert_eq!(Event::parse(&event), Ok(Event::Drop(vec![dropped("1"), dropped("3")])));
    }

    #[test]
    fn a_test_event_asks_for_nothing() {
        let event = json!({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "b"});
        assert_eq!(Event::parse(&event), Ok(Event::Drop(vec![])));
    }

    #[test]
    fn actions_take_no_misspelt_field() {
        let run = json!({"action": "run", "export": "vip", "mode": "full", "dry_run": true});
        assert!(matches!(
            Event::parse(&run),
            Ok(Event::Action(Action::Run { mode: Some(Mode::Full), dry_run: true, .. }))
        ));
        let typo = json!({"action": "run", "export": "vip", "dryrun": true});
        let error = Event::parse(&typo).unwrap_err().to_string();
        assert!(error.contains("unknown field `dryrun`"), "{error}");
    }

    #[test]
    fn an_event_of_no_known_shape_says_what_was_expected() {
        for event in
            [json!({}), json!([]), json!("x"), json!({"Records": []}), json!({"detail-type": "Other"})]
        {
            assert!(matches!(Event::parse(&event), Err(UnknownEvent::Shape(_))), "{event}");
        }
    }

    proptest! {
        #[test]
        fn nothing_panics(text in "\\PC{0,60}", key in "\\PC{0,20}") {
            let _ = Event::parse(&json!({ key.clone(): text }));
            let _ = Event::parse(&json!({"Records": [notification("ObjectCreated:Put", &text)]}));
            let _ = Event::parse(&json!({"action": text, "export": key}));
        }
    }
}
