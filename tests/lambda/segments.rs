//! An export with several segments: a drop runs its own segment, a schedule runs all of them.

use serde_json::{Value, json};

use crate::{
    cloud::{
        events::{object_created, scheduled},
        omnisend::KEY,
        people,
    },
    world::World,
};

const EXPORT: &str = r#"
display_name = "Everybody"
mode = "mirror"
schedule = true
[guards]
removals_percent = "off"
[[segments]]
name = "VIP"
path = "segments/vip/"
[[segments]]
name = "News"
path = "segments/news/"
[fields]
email = "EMail"
first_name = "FirstName"
"#;

/// How many contacts have each segment's tag.
async fn tagged(world: &World) -> [usize; 2] {
    let contacts = world.omnisend.contacts(KEY).await;
    let with = |tag: &str| {
        let has =
            |contact: &&Value| contact["tags"].as_array().is_some_and(|tags| tags.iter().any(|t| t == tag));
        contacts.values().filter(has).count()
    };
    [with("segment: VIP"), with("segment: News")]
}

#[tokio::test]
async fn a_drop_runs_its_segment_and_a_schedule_runs_all() {
    let world = World::new().await;
    world.account.put("exports/acme/vip.toml", EXPORT).await;
    let bucket = world.account.bucket.clone();
    let vip = world.account.put("segments/vip/1.csv", people(0, 100)).await;
    let news = world.account.put("segments/news/1.csv", people(60, 100)).await;
    world.planner.deliver(&object_created(&bucket, &vip)).await.unwrap();
    world.drain().await;
    assert_eq!(tagged(&world).await, [100, 0], "the drop of one segment changed the other");

    world.planner.deliver(&object_created(&bucket, &news)).await.unwrap();
    world.drain().await;
    assert_eq!(tagged(&world).await, [100, 100]);
    assert_eq!(world.omnisend.contacts(KEY).await.len(), 160);

    // 30 people leave the VIP segment. They are in the News segment too, and keep its tag.
    let fewer = world.account.put("segments/vip/2.csv", people(0, 70)).await;
    world.planner.deliver(&object_created(&bucket, &fewer)).await.unwrap();
    world.drain().await;
    assert_eq!(tagged(&world).await, [70, 100]);

    let before = world.omnisend.requests().await;
    world.planner.deliver(&scheduled("2099-01-01T06:00:00Z")).await.unwrap();
    world.drain().await;
    assert_eq!(world.omnisend.requests().await, before, "a run without changes sent requests");
    let last = world.runs("vip").await.pop().unwrap();
    let report = world.report("vip", &last).await;
    assert_eq!((&report["state"], &report["overlapping"]), (&json!("skipped"), &json!(10)));
    assert_eq!(report["counts"]["unchanged"], 160);
}
