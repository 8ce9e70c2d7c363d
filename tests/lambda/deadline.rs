//! Invocations that reach their deadline.

use std::time::Duration;

use serde_json::Value;

use crate::{
    cloud::{Options, environment::Outcome, omnisend::KEY, people},
    world::World,
};

#[tokio::test]
async fn an_upload_stops_before_its_deadline_and_the_next_invocation_resumes_it() {
    let world = World::with(Options { requests_per_minute: 600, ..Options::default() }).await;
    world.account.put("segments/vip/1.csv", people(0, 3_000)).await;
    let run = world.start_vip().await;
    // 15 of the 16.5 s are reserved for the end, so only some of the 30 batches are sent, at 10 per second.
    world.uploader.give_time(Duration::from_millis(16_500));
    world.drain().await;

    world.holds(0..3_000).await;
    assert_eq!(world.omnisend.contacts_sent(KEY).await, 3_000, "contacts were sent twice");
    assert_eq!(world.pump.waits(), 0, "a message that was handed back was not released");
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
async fn an_upload_ends_in_time_if_a_batch_gets_no_answer() {
    let world = World::new().await;
    world.account.put("segments/vip/1.csv", people(0, 1_000)).await;
    world.start_vip().await;
    world.omnisend.fault("hang,when=after,method=POST,path=/batches,skip=4,count=1").await;
    world.uploader.give_time(Duration::from_secs(16));
    world.drain().await;
    world.holds(0..1_000).await;
    assert_eq!(world.pump.waits(), 0, "a message that was handed back was not released");
    let outcomes: Vec<_> =
        world.uploader.invocations().into_iter().map(|invocation| invocation.outcome).collect();
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Outcome::Answer(_))), "{outcomes:?}");
    assert_eq!(
        world.omnisend.contacts_sent(KEY).await,
        1_100,
        "only the batch without an answer is sent again"
    );
}
