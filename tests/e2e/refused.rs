//! If Omnisend refuses all requests, the run is parked after a few, its report says what to do, and a later call
//! resumes it.

use omnisend_sandbox::Options;

use crate::harness::{KEY, Segment, World, address, holds, options};

/// Requests that may be in flight when the first one is refused; each of them is refused too.
const IN_FLIGHT: u64 = 32;

async fn is_parked_then_resumed(fault: &str, per_request: u64, parts: &[&str]) {
    let world = World::of_people(10_000).await;
    world.fault(fault).await;
    let ran = world.call("run vip").end().await;
    ran.exits(1).reports("failed", [0, 0, 10_000]);
    assert_eq!(ran.report()["not_sent"], 10_000);
    let message = ran.report()["message"].as_str().unwrap();
    for part in parts {
        assert!(message.contains(part) && ran.stdout.contains(part), "{part:?} is not in {message}");
    }
    let again = "to resume it: omnisend-export run vip";
    assert!(ran.stdout.contains(again), "the output does not say how to resume the run:\n{}", ran.stdout);
    let asked = world.requests().await.len() as u64;
    assert!(asked <= IN_FLIGHT * per_request, "{asked} requests were sent to an API that refuses them");

    world.no_faults().await;
    let ran = world.call("run vip").end().await;
    ran.exits(0).says(&["resuming run vip/"]).reports("succeeded", [10_000, 0, 0]);
    assert_eq!(world.reports().len(), 1, "the run that was parked is the one that ended");
    assert_eq!(world.contacts_sent().await, 10_000, "contacts were sent more than once");
}

#[tokio::test]
async fn a_key_without_a_permission_parks_the_run() {
    is_parked_then_resumed("status=403", 1, &["Omnisend answered 403", "permission", "contacts.write"]).await;
}

#[tokio::test]
async fn a_retired_version_parks_the_run() {
    is_parked_then_resumed("status=410", 1, &["Omnisend answered 410", "update this program"]).await;
}

#[tokio::test]
async fn a_batch_that_is_refused_without_naming_an_item_parks_the_run() {
    is_parked_then_resumed("status=400", 1, &["Omnisend answered 400", "trace id urn:omnisend:request:"])
        .await;
}

#[tokio::test]
async fn an_invalid_key_parks_the_run_until_it_is_replaced() {
    let other = Options { api_key: Some("other-canary-key".to_owned()), ..options() };
    let world = World::with(other, Segment::people(10_000)).await;
    let ran = world.call("run vip").end().await;
    ran.exits(1).reports("failed", [0, 0, 10_000]);
    let message = ran.report()["message"].as_str().unwrap();
    assert!(message.contains("Omnisend answered 401") && message.contains("make a new one"), "{message}");
    let requests = world.requests().await.len() as u64;
    assert!(requests <= IN_FLIGHT * 2, "{requests} requests with a refused key");

    world.rotate_key("other-canary-key", KEY).await;
    world.call("run vip").end().await.exits(0).reports("succeeded", [10_000, 0, 0]);
    assert_eq!(world.contacts_sent().await, 10_000);
}

#[tokio::test]
async fn reads_the_key_again_after_it_was_refused_once() {
    let world = World::of_people(300).await;
    world.fault("status=401,method=POST,skip=1,count=1").await;
    let ran = world.call("run vip").end().await;
    ran.exits(0).reports("succeeded", [300, 0, 0]);
    assert_eq!(ran.report()["requests"]["upload"], 4);
    assert_eq!(world.contacts_sent().await, 300);
}

#[tokio::test]
async fn reads_the_key_again_after_it_was_rotated_during_the_run() {
    let world = World::of_people(1_000).await;
    world.connection("acme", 600);
    world.secret("acme", "first-canary-key");
    let held = world.fault("delay=700,method=POST,skip=3,count=1").await;
    let running = world.call("run vip").without_key().start();
    world.happened(held).await;
    world.rotate_key("first-canary-key", "second-canary-key").await;
    world.secret("acme", "second-canary-key");
    running.end().await.exits(0).reports("succeeded", [1_000, 0, 0]);
    holds(&world.contacts().await, (0..1_000).map(address));
    let keys: Vec<String> = world
        .posts()
        .await
        .iter()
        .map(|post| post["headers"]["authorization"].as_str().unwrap().to_owned())
        .collect();
    assert!(keys[0].ends_with("first-canary-key") && keys.last().unwrap().ends_with("second-canary-key"));
}

#[tokio::test]
async fn a_run_that_is_refused_while_settling_resumes_without_sending_anything_again() {
    let world = World::of_people(300).await;
    world.fault("status=403,method=GET").await;
    let ran = world.call("run vip").end().await;
    ran.exits(1).reports("failed", [0, 0, 300]);
    assert_eq!(ran.report()["not_sent"], 0);
    world.no_faults().await;
    world.call("run vip").end().await.exits(0).reports("succeeded", [300, 0, 0]);
    assert_eq!(world.posts().await.len(), 3, "contacts were sent again");
}

#[tokio::test]
async fn a_run_that_was_parked_half_way_sends_each_contact_once() {
    let world = World::of_people(1_000).await;
    world.connection("acme", 600);
    world.fault("status=403,method=POST,skip=4").await;
    let ran = world.call("run vip").end().await;
    ran.exits(1).reports("failed", [400, 0, 600]);
    assert_eq!(ran.report()["not_sent"], 600);
    world.no_faults().await;
    world.call("run vip").end().await.exits(0).reports("succeeded", [1_000, 0, 0]);
    assert_eq!(world.contacts_sent().await, 1_000, "contacts were sent more than once");
    holds(&world.contacts().await, (0..1_000).map(address));
}
