//! Events as AWS sends them: the files in `events/`, with the test's buckets, keys and messages.

use std::{fs, path::PathBuf};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::account::{Dropped, Message};

/// The characters that S3 does not encode in the key of a notification.
const PLAIN: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'_').remove(b'.').remove(b'*').remove(b' ');

pub(crate) fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("events")
}

/// Returns the names of all files.
pub(crate) fn names() -> Vec<String> {
    let files = fs::read_dir(folder()).unwrap().map(|file| PathBuf::from(file.unwrap().file_name()));
    let files = files.filter(|file| file.extension().is_some_and(|extension| extension == "json"));
    let mut names: Vec<String> = files.map(|file| file.display().to_string()).collect();
    names.sort();
    names
}

pub(crate) fn of_file(name: &str) -> Value {
    serde_json::from_slice(&fs::read(folder().join(name)).unwrap()).unwrap()
}

/// Returns an S3 notification.
pub(crate) fn notification(bucket: &str, dropped: &Dropped) -> Value {
    let mut event = of_file("s3-drop.json");
    let record = &mut event["Records"][0];
    record["eventTime"] = json!(dropped.at);
    record["s3"]["bucket"]["name"] = json!(bucket);
    record["s3"]["bucket"]["arn"] = json!(format!("arn:aws:s3:::{bucket}"));
    record["s3"]["object"]["key"] = json!(form_encoded(&dropped.key));
    record["s3"]["object"]["size"] = json!(dropped.size);
    record["s3"]["object"]["eTag"] = json!(dropped.etag);
    record["s3"]["object"]["versionId"] = json!(dropped.version);
    event
}

/// Returns EventBridge's `Object Created`.
pub(crate) fn object_created(bucket: &str, dropped: &Dropped) -> Value {
    let mut event = of_file("eventbridge-object-created.json");
    event["time"] = json!(dropped.at);
    event["resources"] = json!([format!("arn:aws:s3:::{bucket}")]);
    event["detail"]["bucket"]["name"] = json!(bucket);
    event["detail"]["object"]["key"] = json!(dropped.key);
    event["detail"]["object"]["size"] = json!(dropped.size);
    event["detail"]["object"]["etag"] = json!(dropped.etag);
    event["detail"]["object"]["version-id"] = json!(dropped.version);
    event
}

/// Returns a schedule's event, due at this time.
pub(crate) fn scheduled(at: &str) -> Value {
    let mut event = of_file("scheduler-schedule.json");
    event["time"] = json!(at);
    event
}

/// Returns the event in which the event source mapping delivers messages.
pub(crate) fn messages(queue_arn: &str, messages: &[Message]) -> Value {
    let file = of_file("sqs-upload.json");
    let record = |message: &Message| {
        let mut record = file["Records"][0].clone();
        record["messageId"] = json!(message.id);
        record["receiptHandle"] = json!(message.handle);
        record["body"] = json!(message.body);
        record["md5OfBody"] = json!(message.md5);
        record["eventSourceARN"] = json!(queue_arn);
        record["attributes"] = json!(message.attributes);
        record
    };
    json!({ "Records": messages.iter().map(record).collect::<Vec<_>>() })
}

fn form_encoded(key: &str) -> String {
    utf8_percent_encode(key, PLAIN).to_string().replace(' ', "+")
}
