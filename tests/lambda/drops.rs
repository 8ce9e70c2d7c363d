//! Events about dropped files from S3 and EventBridge, and events that are not about a drop.

use serde_json::{Value, json};

use crate::{
    cloud::{
        Options,
        account::Dropped,
        events::{self, notification, object_created},
        people,
    },
    world::World,
};

const MANY: u64 = 20_000;

async fn a_large_drop(event: fn(&str, &Dropped) -> Value) {
    let chunks = ("OMNISEND_EXPORT_SCALE", "chunk:6000".to_owned());
    let options = Options { requests_per_minute: 6_000, variables: vec![chunks], ..Options::default() };
    let world = World::with(options).await;
    let dropped = world.account.put("segments/vip/2026-11-23.csv", people(0, MANY)).await;
    let started = world.planner.deliver(&event(&world.account.bucket, &dropped)).await.unwrap();
    assert_eq!(started["started"][0]["chunks"], 4, "{started}");
    world.drain().await;

    world.holds(0..MANY).await;
    assert_eq!(world.pump.waits(), 0, "no message was delivered twice");
    assert_eq!(
        world.omnisend.contacts_sent(crate::cloud::omnisend::KEY).await,
        MANY,
        "each contact was sent once"
    );
    let report = world.only_report("vip").await;
    assert_eq!(report["state"], "succeeded");
    assert_eq!(report["trigger"], "a drop of segments/vip/2026-11-23.csv");
    let source = &report["source"][0];
    assert_eq!((source["version"].as_str(), source["size"].as_u64()), {
        let version = format!("version:{}", dropped.version);
        let found = source["version"].as_str().filter(|found| version.ends_with(found) || *found == version);
        (found, Some(dropped.size as u64))
    });
}

#[tokio::test]
async fn sends_every_contact_of_a_drop_on_an_s3_notification() {
    a_large_drop(notification).await;
}

#[tokio::test]
async fn sends_every_contact_of_a_drop_on_an_eventbridge_event() {
    a_large_drop(object_created).await;
}

#[tokio::test]
async fn a_key_with_special_characters_names_the_same_object_in_both_encodings() {
    let world = World::new().await;
    let dropped = world.account.put("segments/vip/a b+é%.csv", people(0, 3)).await;
    let bucket = &world.account.bucket;
    let encoded = notification(bucket, &dropped);
    assert_eq!(encoded["Records"][0]["s3"]["object"]["key"], "segments/vip/a+b%2B%C3%A9%25.csv");
    let plain = object_created(bucket, &dropped);
    assert_eq!(plain["detail"]["object"]["key"], "segments/vip/a b+é%.csv");
    for event in [encoded, plain] {
        assert_eq!(world.answer(&event).await["started"].as_array().map(Vec::len), Some(1));
    }
    world.drain().await;
    world.holds(0..3).await;
    assert_eq!(world.only_report("vip").await["trigger"], "a drop of segments/vip/a b+é%.csv");
}

#[tokio::test]
async fn ignores_events_about_other_objects() {
    let world = World::new().await;
    let unclaimed = world.account.put("segments/other/1.csv", people(0, 3)).await;
    let hidden = world.account.put("segments/vip/_SUCCESS", "").await;
    let own = world.account.put("runs/vip/20261123t101500z-1a2b3c4d/chunks/00000.ndjson.zst", "x").await;
    let bucket = &world.account.bucket;
    let mut removed = notification(bucket, &unclaimed);
    removed["Records"][0]["eventName"] = json!("ObjectRemoved:Delete");
    let mut tagged = object_created(bucket, &unclaimed);
    tagged["detail-type"] = json!("Object Tags Added");

    for (event, expected) in [
        (notification(bucket, &unclaimed), "no export reads the dropped object"),
        (object_created(bucket, &unclaimed), "no export reads the dropped object"),
        (notification(bucket, &hidden), "no export reads the dropped object"),
        (notification(bucket, &own), "the event names no segment file"),
        (object_created(bucket, &own), "the event names no segment file"),
        (events::of_file("s3-test-event.json"), "the event names no segment file"),
        (removed, "the event names no segment file"),
        (tagged, "the event names no segment file"),
    ] {
        assert_eq!(world.answer(&event).await, json!({ "started": [] }), "{event}");
        let last = world.planner.invocations().pop().unwrap();
        assert_eq!(last.lines.len(), 1, "{:?}", last.lines);
        assert!(last.lines[0].contains(expected), "{:?}", last.lines);
    }
    assert_eq!(world.omnisend.requests().await, 0);
    assert_eq!(world.account.messages().await, (0, 0));
}

#[tokio::test]
async fn ignores_unknown_fields() {
    let world = World::new().await;
    let dropped = world.account.put("segments/vip/1.csv", people(0, 3)).await;
    for mut event in [notification, object_created].map(|event| event(&world.account.bucket, &dropped)) {
        with_more_fields(&mut event);
        assert_eq!(world.answer(&event).await["started"].as_array().map(Vec::len), Some(1));
    }
    world.drain().await;
    world.holds(0..3).await;
    assert_eq!(world.runs("vip").await.len(), 1);
}

/// Adds a field to every object of an event.
fn with_more_fields(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.values_mut().for_each(with_more_fields);
            fields.insert("addedIn2027".to_owned(), json!({ "a": [1, "b"] }));
        }
        Value::Array(values) => values.iter_mut().for_each(with_more_fields),
        _ => {}
    }
}

#[tokio::test]
async fn rejects_an_event_of_unknown_shape() {
    let world = World::new().await;
    for (event, expected) in [
        (json!({"key1": "value1", "key2": 2}), "it has the keys key1, key2"),
        (json!({"Records": [{"EventSource": "aws:sns", "Sns": {}}]}), "neither aws:s3 nor aws:sqs"),
        (json!({}), "an empty object"),
        (json!([1, 2]), "it is not an object"),
        (json!({"action": "explode"}), "explode"),
        (json!({"action": "run"}), "missing field `export`"),
        (json!({"action": "run", "export": "vip", "dryrun": true}), "unknown field `dryrun`"),
        (json!({"detail-type": "Scheduled Event", "time": "tomorrow"}), "`Scheduled Event`"),
    ] {
        let (kind, message) = world.error(&event).await;
        assert_eq!(kind, "UnknownEvent", "{event}");
        assert!(message.contains(expected), "{event}: {message}");
        let lines = world.planner.invocations().pop().unwrap().lines;
        assert_eq!(lines.iter().filter(|line| line.contains("\"ERROR\"")).count(), 1, "{lines:?}");
    }
}
