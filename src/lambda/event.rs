//! Recognizes an event by its shape.

use jiff::Timestamp;
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde_json::Value;

use crate::{
    keys::{ConnectionName, ExportName, RunId},
    run::{Allowed, Mode},
};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Event {
    /// Objects were created. Empty if an S3 event is about something else.
    Drop(Vec<Dropped>),
    Schedule {
        /// When the schedule was due.
        at: Timestamp,
    },
    /// Messages of the queue.
    Messages(Vec<Received>),
    /// A person or EventBridge Scheduler asks for an action.
    Action(Action),
}

/// An object that was created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Dropped {
    pub bucket: String,
    /// The key, decoded.
    pub key: String,
}

/// A message of the queue.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Received {
    /// Names the message in the answer, if it must be delivered again.
    pub message_id: String,
    /// The handle of this receive, with which the message is released.
    pub receipt_handle: String,
    pub body: String,
    #[serde(default)]
    pub attributes: Attributes,
}

/// SQS's attributes of a message.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Attributes {
    pub message_group_id: String,
    /// How often the message was received, this time included.
    pub approximate_receive_count: String,
}

/// A manual action. `request` identifies a request, so that a repeated one runs once; the default is the invocation's
/// ID.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case", tag = "action", deny_unknown_fields)]
pub(super) enum Action {
    /// Run an export.
    Run {
        export: ExportName,
        /// How much of the segment to send; the default is the export's mode.
        #[serde(default)]
        mode: Option<Mode>,
        /// Report what would be sent, and send nothing.
        #[serde(default)]
        dry_run: bool,
        /// In a dry run, show the values of the first contacts. Otherwise they are masked.
        #[serde(default)]
        show_values: bool,
        /// The guards that may not stop the run.
        #[serde(default)]
        allow: Allowed,
        #[serde(default)]
        request: Option<String>,
    },
    /// Test a connection: its file, its key, its brand.
    Connect { connection: ConnectionName },
    /// Return the status of an export's runs.
    Status {
        export: ExportName,
        /// The run; the default is the last runs.
        #[serde(default)]
        run: Option<RunId>,
    },
    /// Stop a run.
    Cancel { export: ExportName, run: RunId },
    /// Remove the tags that a run added.
    Undo {
        export: ExportName,
        run: RunId,
        #[serde(default)]
        request: Option<String>,
    },
    /// Resume a parked run, or send again what did not arrive in a run that is over.
    Replay {
        export: ExportName,
        run: RunId,
        /// The run's corrected rejects: a key in the state's bucket, or `s3://bucket/key`. By default the contacts are
        /// sent again unchanged.
        #[serde(default)]
        file: Option<String>,
        #[serde(default)]
        request: Option<String>,
    },
    /// Resume unfinished runs, and start the runs of late drops.
    Sweep {
        /// One part of the sweep, because no role may do both; the default is both.
        #[serde(default)]
        part: Option<Part>,
    },
}

/// A part of the sweep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Part {
    /// Unfinished runs.
    Runs,
    /// Late drops.
    Drops,
}

/// Why an event was not recognized.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnknownEvent {
    #[error(
        "the event has no known shape: it {0}; expected an S3 notification, EventBridge `Object Created` or `Scheduled \
         Event`, SQS records, or {{\"action\": \"run\", \"export\": \"…\"}}"
    )]
    Shape(String),
    /// The shape is known, but a field is missing or invalid.
    #[error("the event looks like {what} but cannot be read: {reason}")]
    Broken { what: &'static str, reason: String },
}

impl Event {
    pub(super) fn parse(event: &Value) -> Result<Self, UnknownEvent> {
        if event.get("action").is_some() {
            return read("an action", event).map(Self::Action);
        }
        if event.get("Event").and_then(Value::as_str) == Some("s3:TestEvent") {
            return Ok(Self::Drop(Vec::new()));
        }
        if let Some(records) = event.get("Records").and_then(Value::as_array) {
            return parse_records(records);
        }
        match event.get("detail-type").and_then(Value::as_str) {
            Some("Object Created") => {
                let created: Created = read("EventBridge's `Object Created`", event)?;
                let Created { detail: Detail { bucket, object } } = created;
                // EventBridge does not encode keys.
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

fn parse_records(records: &[Value]) -> Result<Event, UnknownEvent> {
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
        _ => Err(UnknownEvent::Shape("has Records whose source is neither aws:s3 nor aws:sqs".to_owned())),
    }
}

/// Decodes a key of an S3 notification, which is form-encoded: a space is `+`, other bytes are `%XX`.
fn form_decoded(key: &str) -> Result<String, UnknownEvent> {
    let spaced = key.replace('+', " ");
    let decoded = percent_decode_str(&spaced).decode_utf8();
    decoded.map(String::from).map_err(|_| UnknownEvent::Broken {
        what: "an S3 notification",
        reason: "a decoded key is not UTF-8".to_owned(),
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
        None => "is not an object".to_owned(),
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
    fn decodes_keys_of_notifications_only() {
        let encoded = json!({"Records": [notification("ObjectCreated:Put", "vip/a+b%2B%C3%A9%25.csv")]});
        assert_eq!(Event::parse(&encoded), Ok(Event::Drop(vec![dropped("vip/a b+é%.csv")])));
        let plain = json!({"detail-type": "Object Created", "source": "aws.s3",
            "detail": {"bucket": {"name": "b"}, "object": {"key": "vip/a b+é%.csv"}}});
        assert_eq!(Event::parse(&plain), Ok(Event::Drop(vec![dropped("vip/a b+é%.csv")])));
    }

    #[test]
    fn takes_created_objects_from_many_records() {
        let event = json!({"Records": [
            notification("ObjectCreated:Put", "1"),
            notification("ObjectRemoved:Delete", "2"),
            notification("ObjectCreated:CompleteMultipartUpload", "3")]});
        assert_eq!(Event::parse(&event), Ok(Event::Drop(vec![dropped("1"), dropped("3")])));
    }

    #[test]
    fn ignores_a_test_event() {
        let event = json!({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "b"});
        assert_eq!(Event::parse(&event), Ok(Event::Drop(vec![])));
    }

    #[test]
    fn rejects_a_misspelled_field_of_an_action() {
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
    fn rejects_an_event_of_unknown_shape() {
        for event in
            [json!({}), json!([]), json!("x"), json!({"Records": []}), json!({"detail-type": "Other"})]
        {
            assert!(matches!(Event::parse(&event), Err(UnknownEvent::Shape(_))), "{event}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in "\\PC{0,60}", key in "\\PC{0,20}") {
            let _ = Event::parse(&json!({ key.clone(): text }));
            let _ = Event::parse(&json!({"Records": [notification("ObjectCreated:Put", &text)]}));
            let _ = Event::parse(&json!({"action": text, "export": key}));
        }
    }
}
