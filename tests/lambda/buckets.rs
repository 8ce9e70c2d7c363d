//! Segments in buckets other than the state's: `path = "s3://lake/out/vip/"`.

use serde_json::json;

use crate::{
    cloud::{
        events::{notification, object_created},
        people,
    },
    sweep::later,
    world::World,
};

/// Returns a world whose export `vip` reads from another bucket, and the name of that bucket.
async fn lake() -> (World, String) {
    let world = World::new().await;
    let lake = world.account.other_bucket().await;
    let export = String::from_utf8(world.account.get("exports/acme/vip.toml").await).unwrap();
    let elsewhere = export.replace("segments/vip/", &format!("s3://{lake}/runs/vip/"));
    world.account.put("exports/acme/vip.toml", elsewhere).await;
    (world, lake)
}

#[tokio::test]
async fn a_drop_in_another_bucket_starts_the_exports_that_read_it() {
    let (world, lake) = lake().await;
    // In the state's bucket, this folder would be reserved.
    let dropped = world.account.put_into(&lake, "runs/vip/a b+\u{e9}.csv", people(0, 300)).await;
    for event in [notification(&lake, &dropped), object_created(&lake, &dropped)] {
        assert_eq!(world.answer(&event).await["started"].as_array().map(Vec::len), Some(1), "{event}");
    }
    world.drain().await;
    world.holds(0..300).await;
    let report = world.only_report("vip").await;
    assert_eq!(report["trigger"], format!("a drop of s3://{lake}/runs/vip/a b+\u{e9}.csv"));

    // Neither another key in that bucket nor the same key in the state's bucket is a drop of the export.
    let other = world.account.put_into(&lake, "out/all/1.csv", people(0, 3)).await;
    assert_eq!(world.answer(&notification(&lake, &other)).await, json!({ "started": [] }));
    assert_eq!(world.answer(&notification(&world.account.bucket, &dropped)).await, json!({ "started": [] }));
    assert_eq!(world.runs("vip").await.len(), 1);
}

#[tokio::test]
async fn the_sweep_finds_a_drop_in_another_bucket_without_an_event() {
    let (world, lake) = lake().await;
    world.account.put_into(&lake, "runs/vip/1.csv", people(0, 10)).await;
    assert_eq!(later(&world, 11).sweep_drops().await.unwrap().late_drops, 1);
    world.drain().await;
    world.holds(0..10).await;
    assert_eq!(later(&world, 16).sweep_drops().await.unwrap().late_drops, 0);
}

#[tokio::test]
async fn a_missing_bucket_is_named_and_stops_no_other_export() {
    let (world, lake) = lake().await;
    let export = String::from_utf8(world.account.get("exports/acme/vip.toml").await).unwrap();
    world.account.put("exports/acme/vip.toml", export.replace(&lake, &format!("{lake}x"))).await;
    world.export("acme", "daily", "").await;
    world.account.put("segments/daily/1.csv", people(0, 10)).await;
    let (_, message) = world.error(&json!({"action": "run", "export": "vip"})).await;
    assert!(message.contains(&format!("s3://{lake}x/runs/vip/")), "{message}");
    assert!(message.contains("the bucket does not exist"), "{message}");
    let swept = later(&world, 11).sweep_drops().await.unwrap();
    assert_eq!((swept.late_drops, swept.failed), (1, 1));
    world.drain().await;
    assert_eq!(world.only_report("daily").await["counts"]["accepted"], 10);
}
