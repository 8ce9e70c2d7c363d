//! Messages that can never be handled, and a panic: the brand's other work continues.

use serde_json::json;

use crate::{
    cloud::{environment::Outcome, events::notification, omnisend::KEY, people, template::number},
    world::World,
};

#[tokio::test]
async fn an_invalid_message_becomes_a_dead_letter_and_delays_no_other() {
    let world = World::new().await;
    world.account.put("segments/vip/1.csv", people(0, 300)).await;
    world.account.send("acme", "not a message").await;
    let nowhere = json!({"export": "vip", "run": "20261123t101500z-1", "step": "settle"});
    world.account.send("acme", &nowhere.to_string()).await;
    world.start_vip().await;
    world.drain().await;

    world.brand_holds(KEY, "vip", 0..300).await;
    assert_eq!(world.account.messages().await, (0, 2), "messages in the queue and dead letters");
    assert_eq!(world.pump.waits(), 0, "a message waited for its visibility timeout");
    let receives = usize::try_from(number("UploadQueue", "maxReceiveCount")).unwrap();
    assert_eq!(world.logged("the queue message cannot be read").len(), receives);
    assert_eq!(world.logged("has no run").len(), receives);
    assert!(world.logged("not a message").is_empty(), "a body may hold anything");
}

#[tokio::test]
async fn a_damaged_chunk_parks_its_run_and_the_next_run_succeeds() {
    let world = World::of_small_chunks().await;
    world.account.put("segments/vip/1.csv", people(0, 1_200)).await;
    let run = world.start_vip().await;
    let chunk = format!("runs/vip/{run}/chunks/00001.ndjson.zst");
    let whole = world.account.get(&chunk).await;
    world.account.put(&chunk, &whole[..whole.len() / 2]).await;
    world.drain().await;

    let status = json!({"action": "status", "export": "vip"});
    let shown = world.answer(&status).await["runs"][0].clone();
    assert_eq!(shown["state"], "parked", "{shown}");
    let why = shown["why"].as_str().unwrap();
    assert!(why.contains("chunks/00001.ndjson.zst is damaged"), "{why}");
    assert_eq!(world.account.messages().await, (0, 0));
    assert_eq!(world.logged("the run is parked").len(), 1, "a failure is logged once");
    assert_eq!(world.omnisend.contacts(KEY).await.len(), 500, "a chunk after the damaged one was sent");

    world.account.put("segments/vip/2.csv", people(0, 600)).await;
    let next = world.start_vip().await;
    world.drain().await;
    world.brand_holds(KEY, "vip", 0..600).await;
    assert_eq!(world.report("vip", &next).await["state"], "succeeded");

    world.account.put(&chunk, whole).await;
    world.answer(&json!({"action": "replay", "export": "vip", "run": run})).await;
    world.drain().await;
    world.holds(0..1_200).await;
    assert_eq!(world.report("vip", &run).await["state"], "succeeded");
}

#[tokio::test]
async fn a_panic_fails_its_event_and_the_process_handles_the_next() {
    let world = World::new().await;
    let dropped = world.account.put("segments/vip/1.csv", people(0, 300)).await;
    let event = notification(&world.account.bucket, &dropped);
    for function in [&world.planner, &world.uploader] {
        function.start_with("OMNISEND_EXPORT_KILL", "plan.before-manifest:1:panic");
    }
    world.uploader.start_with("OMNISEND_EXPORT_KILL", "upload.before-receipt:1:panic");
    world.planner.deliver(&event).await.unwrap();
    world.drain().await;

    world.holds(0..300).await;
    for function in [&world.planner, &world.uploader] {
        let invocations = function.invocations();
        let Outcome::Error(failure) = &invocations[0].outcome else { panic!("{:?}", invocations[0]) };
        assert!(failure.message.contains("panicked"), "{failure:?}");
        assert!(invocations[1..].iter().all(|next| matches!(next.outcome, Outcome::Answer(_))));
        let shown: Vec<_> = invocations[0].lines.iter().filter(|line| line.contains("panic")).collect();
        assert_eq!(shown.len(), 1, "{shown:?}");
        assert!(serde_json::from_str::<serde_json::Value>(shown[0]).is_ok(), "{shown:?}");
    }
    assert_eq!(world.omnisend.contacts_sent(KEY).await, 600, "the chunk without a receipt is sent again");
}
