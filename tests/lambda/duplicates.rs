//! Events that arrive more than once, at the same time, or in another order.

use tokio::join;

use crate::{
    cloud::{
        events::{notification, object_created},
        omnisend::KEY,
        people,
    },
    world::World,
};

#[tokio::test]
async fn one_event_delivered_three_times_starts_one_run() {
    let world = World::of_small_chunks().await;
    let dropped = world.account.put("segments/vip/1.csv", people(0, 1_200)).await;
    let event = notification(&world.account.bucket, &dropped);
    let (first, second) = join!(world.planner.deliver(&event), world.planner.deliver(&event));
    world.drain().await;
    let third = world.planner.deliver(&object_created(&world.account.bucket, &dropped)).await;
    world.drain().await;

    let run = |answer: Result<serde_json::Value, _>| answer.unwrap()["started"][0]["run"].clone();
    let runs = [run(first), run(second), run(third)];
    assert!(runs.iter().all(|run| *run == runs[0]), "{runs:?}");
    world.holds(0..1_200).await;
    assert_eq!(world.only_report("vip").await["state"], "succeeded");
    assert_eq!(world.omnisend.contacts_sent(KEY).await, 1_200, "contacts were sent twice");
}

#[tokio::test]
async fn the_newest_of_two_versions_wins_in_any_order_of_their_events() {
    let world = World::new().await;
    let named = |name: &str| people(0, 10).replace("Ada", name);
    let old = world.account.put("segments/vip/1.csv", named("Old")).await;
    let new = world.account.put("segments/vip/1.csv", named("Ada")).await;
    assert_ne!(old.version, new.version);
    for dropped in [&new, &old, &new] {
        world.planner.deliver(&notification(&world.account.bucket, dropped)).await.unwrap();
        world.drain().await;
        world.holds(0..10).await;
    }
    assert_eq!(world.runs("vip").await.len(), 1, "the old version started a run");
}

#[tokio::test]
async fn the_newest_version_runs_after_one_that_it_replaced() {
    let world = World::new().await;
    let old = world.account.put("segments/vip/1.csv", people(0, 10).replace("Ada", "Old")).await;
    world.planner.deliver(&notification(&world.account.bucket, &old)).await.unwrap();
    let new = world.account.put("segments/vip/1.csv", people(0, 10)).await;
    world.planner.deliver(&notification(&world.account.bucket, &new)).await.unwrap();
    world.drain().await;
    world.holds(0..10).await;
    assert_eq!(world.runs("vip").await.len(), 2);
    assert_eq!(world.omnisend.contacts_sent(KEY).await, 20);
}
