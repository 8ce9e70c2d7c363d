//! Events that come more than once, at the same time, or in another order.

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
async fn an_event_three_times_twice_at_once_is_one_run() {
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
    assert_eq!(world.omnisend.taken(KEY).await, 1_200, "each was sent once");
}

#[tokio::test]
async fn of_two_versions_the_newest_wins_in_whatever_order_their_events_come() {
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
    assert_eq!(world.runs("vip").await.len(), 1, "the old version is nobody's newest");
}

#[tokio::test]
async fn a_version_that_is_replaced_before_its_run_is_sent_is_followed_by_the_newest() {
    let world = World::new().await;
    let old = world.account.put("segments/vip/1.csv", people(0, 10).replace("Ada", "Old")).await;
    world.planner.deliver(&notification(&world.account.bucket, &old)).await.unwrap();
    let new = world.account.put("segments/vip/1.csv", people(0, 10)).await;
    world.planner.deliver(&notification(&world.account.bucket, &new)).await.unwrap();
    world.drain().await;
    world.holds(0..10).await;
    assert_eq!(world.runs("vip").await.len(), 2);
    assert_eq!(world.omnisend.taken(KEY).await, 20);
}
