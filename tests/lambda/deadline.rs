//! An invocation whose time runs short.

use std::time::Duration;

use serde_json::Value;

use crate::{
    cloud::{Options, environment::Outcome, omnisend::KEY, people},
    world::World,
};

#[tokio::test]
async fn an_upload_stops_before_its_time_is_over_and_goes_on_in_the_next() {
    let world = World::with(Options { requests_per_minute: 600, ..Options::default() }).await;
    world.account.put("segments/vip/1.csv", people(0, 3_000)).await;
    let run = world.start_vip().await;
    // Of 16.5 s, 15 are kept for the end: some of the 30 batches leave, at ten a second.
    world.uploader.give_time(Duration::from_millis(16_500));
    world.drain().await;

    world.holds(0..3_000).await;
    assert_eq!(world.omnisend.taken(KEY).await, 3_000, "nothing was sent twice");
    assert_eq!(world.pump.waits(), 0, "the function released what it handed back");
    let handed_back = |outcome: &Outcome| matches!(outcome, Outcome::Answer(answer) if answer["batchItemFailures"] != Value::Array(Vec::new()));
    let invocations = world.uploader.invocations();
    let short = invocations.iter().filter(|invocation| handed_back(&invocation.outcome)).count();
    assert_eq!(short, 1, "{} invocations", invocations.len());
    assert!(invocations.iter().all(|invocation| matches!(invocation.outcome, Outcome::Answer(_))));
    assert_eq!(world.logged("releasing the message").len(), short);
    let keys = world.account.keys(&format!("runs/vip/{run}/")).await;
    assert!(keys.iter().any(|key| key.ends_with("/progress/00000.json")), "{keys:?}");
    assert_eq!(world.only_report("vip").await["state"], "succeeded");
}

#[tokio::test]
async fn a_batch_that_nobody_answers_does_not_take_an_upload_beyond_its_time() {
    let world = World::new().await;
    world.account.put("segments/vip/1.csv", people(0, 1_000)).await;
    world.start_vip().await;
    world.omnisend.fault("hang,when=after,method=POST,path=/batches,skip=4,count=1").await;
    world.uploader.give_time(Duration::from_secs(16));
    world.drain().await;
    world.holds(0..1_000).await;
    assert_eq!(world.pump.waits(), 0, "the function released what it handed back");
    let outcomes: Vec<_> = world.uploader.invocations().into_iter().map(|of| of.outcome).collect();
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Outcome::Answer(_))), "{outcomes:?}");
    assert_eq!(
        world.omnisend.taken(KEY).await,
        1_100,
        "the batch without an answer was sent again, and no other"
    );
}
