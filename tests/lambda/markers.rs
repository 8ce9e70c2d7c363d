//! Drops of several files: the object that completes a drop starts its run; a part does not.

use std::{sync::Arc, time::Duration};

use jiff::SignedDuration;
use omnisend_export::{
    app::{App, Swept},
    ports::clock::{Clock as _, SimulatedClock, SystemClock},
    stage::{Quiet, settle::Limits},
};
use serde_json::{Value, json};

use crate::{
    cloud::{
        account::Dropped,
        events::{notification, object_created},
        omnisend::KEY,
        people,
    },
    world::World,
};

/// Returns a world whose export has these keys in its segment.
async fn world(keys: &str) -> World {
    let world = World::new().await;
    let text = format!(
        "display_name = \"VIP\"\nmode = \"full\"\n[[segments]]\nname = \"vip\"\npath = \"segments/vip/\"\n{keys}\n\
         [fields]\nemail = \"EMail\"\nfirst_name = \"FirstName\"\n"
    );
    world.account.put("exports/acme/vip.toml", text).await;
    world
}

/// Puts an object and delivers its event. Returns the number of runs that it started.
async fn put(world: &World, key: &str, body: impl Into<Vec<u8>>) -> (Dropped, usize) {
    let dropped = world.account.put(key, body).await;
    let started = deliver(world, &object_created(&world.account.bucket, &dropped)).await;
    (dropped, started)
}

async fn deliver(world: &World, event: &Value) -> usize {
    world.answer(event).await["started"].as_array().unwrap().len()
}

async fn sweep(world: &World, minutes: i64) -> Swept {
    let clock = SimulatedClock::starting(SystemClock.now() + SignedDuration::from_mins(minutes));
    let ports = world.account.ports(Arc::new(clock));
    let limits = Limits { give_up_after: SignedDuration::from_hours(1), poll_for: Some(Duration::ZERO) };
    let app = App::new(ports, world.omnisend.url().parse().unwrap(), Arc::new(Quiet), limits);
    app.sweep_drops().await.unwrap()
}

#[tokio::test]
async fn the_marker_starts_the_run_and_a_part_does_not() {
    let world = world("complete_on = \"_SUCCESS\"").await;
    let (first, started) = put(&world, "segments/vip/part-00000.csv", people(0, 5)).await;
    assert_eq!(started, 0);
    let lines = world.planner.invocations().pop().unwrap().lines;
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].contains("the drop is not complete yet"), "{lines:?}");
    assert_eq!(put(&world, "segments/vip/dt=1/part-00001.csv", people(5, 5)).await.1, 0);
    let (marker, started) = put(&world, "segments/vip/_SUCCESS", "").await;
    assert_eq!(started, 1);
    // The same event in the other form, and the late event of a part.
    assert_eq!(deliver(&world, &notification(&world.account.bucket, &marker)).await, 1);
    assert_eq!(deliver(&world, &notification(&world.account.bucket, &first)).await, 0);
    world.drain().await;
    world.holds(0..10).await;
    let report = world.only_report("vip").await;
    assert_eq!(report["trigger"], "a drop of segments/vip/_SUCCESS");
    assert_eq!(report["source"].as_array().unwrap().len(), 2);
    assert_eq!(world.omnisend.contacts_sent(KEY).await, 10);
}

#[tokio::test]
async fn the_sweep_finds_a_marker_without_an_event_and_ignores_parts_without_a_marker() {
    let world = world("complete_on = \"_SUCCESS\"").await;
    world.account.put("segments/vip/1/part-00000.csv", people(0, 5)).await;
    assert_eq!(sweep(&world, 30).await, Swept::default());
    world.account.put("segments/vip/1/_SUCCESS", "").await;
    assert_eq!(sweep(&world, 9).await, Swept::default());
    assert_eq!(sweep(&world, 11).await, Swept { late_drops: 1, ..Swept::default() });
    assert_eq!(sweep(&world, 20).await, Swept::default(), "it has its run");
    world.drain().await;
    world.holds(0..5).await;
}

#[tokio::test]
async fn reads_the_newest_drop_in_any_order_of_the_events() {
    let world = world("complete_on = \"_SUCCESS\"").await;
    let mut markers = Vec::new();
    for (day, name) in [("1", "Old"), ("2", "Ada")] {
        world.account.put(&format!("segments/vip/{day}/a.csv"), people(0, 5).replace("Ada", name)).await;
        markers.push(world.account.put(&format!("segments/vip/{day}/_SUCCESS"), "").await);
    }
    markers.reverse();
    for marker in &markers {
        assert_eq!(deliver(&world, &notification(&world.account.bucket, marker)).await, 1);
    }
    world.drain().await;
    world.holds(0..5).await;
    assert_eq!(world.runs("vip").await.len(), 1);
}

fn model(parts: &[&str]) -> String {
    let partition = |part: &&str| {
        json!({ "name": part, "location": format!("https://acme.blob.core.windows.net/ci/out/VIP/{part}"),
            "fileFormatSettings": { "$type": "CsvFormatSettings", "columnHeaders": false, "delimiter": "," } })
    };
    let attributes = [json!({ "name": "EMail" }), json!({ "name": "FirstName" })];
    let partitions: Vec<_> = parts.iter().map(partition).collect();
    json!({ "entities": [{ "name": "VIP", "attributes": attributes, "partitions": partitions }] }).to_string()
}

fn rows(from: u64, many: u64) -> String {
    people(from, many).split_once('\n').unwrap().1.to_owned()
}

#[tokio::test]
async fn the_last_file_starts_the_run_if_its_list_arrived_first() {
    let world = world("complete_on = \"model.json\"\ntable = \"VIP\"").await;
    assert_eq!(put(&world, "segments/vip/VIP/0.csv", rows(0, 3)).await.1, 0);
    assert_eq!(put(&world, "segments/vip/model.json", model(&["0.csv", "1.csv"])).await.1, 0);
    assert_eq!(world.logged("the drop is not complete; waiting").len(), 1);
    assert_eq!(put(&world, "segments/vip/Other/0.csv", rows(90, 3)).await.1, 0);
    assert_eq!(sweep(&world, 9).await, Swept::default(), "the copy may still be in progress");
    assert_eq!(sweep(&world, 11).await, Swept { refused_drops: 1, ..Swept::default() });
    assert_eq!(put(&world, "segments/vip/VIP/1.csv", rows(3, 3)).await.1, 1);
    world.drain().await;
    world.holds(0..6).await;
}

#[tokio::test]
async fn a_manifest_may_only_list_objects_of_the_exports_bucket() {
    let world = world("complete_on = \"manifest\"").await;
    let bucket = world.account.bucket.clone();
    let part = people(0, 4);
    assert_eq!(put(&world, "segments/vip/0000_part_00", part.as_str()).await.1, 0);
    let list = |bucket: &str, key: &str, size: usize| {
        json!({ "entries": [{ "url": format!("s3://{bucket}/{key}"), "meta": { "content_length": size } }] })
            .to_string()
    };
    for (bucket, key, expected) in [
        (
            "lake",
            "segments/vip/0000_part_00",
            "lists s3://lake/segments/vip/0000_part_00, but the export reads",
        ),
        (
            bucket.as_str(),
            "connections/acme.toml",
            "lists connections/acme.toml, which is one of the state's own files and not a segment file",
        ),
    ] {
        let dropped = world.account.put("segments/vip/manifest", list(bucket, key, part.len())).await;
        let (_, message) = world.error(&object_created(&world.account.bucket, &dropped)).await;
        assert!(message.contains(expected), "{message}");
    }
    for (key, size, expected) in [
        ("segments/vip/0001_part_00", part.len(), "1 is missing: segments/vip/0001_part_00"),
        ("segments/vip/0000_part_00", part.len() + 1, "segments/vip/0000_part_00 has"),
    ] {
        assert_eq!(put(&world, "segments/vip/manifest", list(&bucket, key, size)).await.1, 0);
        assert_eq!(world.logged(expected).len(), 1, "{expected}");
    }
    let list = list(&bucket, "segments/vip/0000_part_00", part.len());
    assert_eq!(put(&world, "segments/vip/manifest", list).await.1, 1);
    world.drain().await;
    world.holds(0..4).await;
}
