//! If other integrations use up the rate limit, the client waits at least as long as Omnisend's 429 asks.

use jiff::{SignedDuration, Timestamp};

use crate::harness::{World, address, holds};

/// Answers the second batch with a 429, and checks that it is sent again after `least` at the earliest.
async fn waits_at_least(fault: &str, least: SignedDuration) {
    let world = World::of_people(500).await;
    world.connection("acme", 1_200);
    world.fault(&format!("{fault},method=POST,skip=1,count=1")).await;
    // The wait after a 429 without a time is 10 s; here it is divided by 40.
    let ran = world.call("run vip").scale("wait:40").end().await;
    ran.exits(0).reports("succeeded", [500, 0, 0]);
    assert_eq!(ran.report()["requests"]["throttled"], 1, "{fault}");
    assert_eq!(ran.report()["requests"]["upload"], 6, "{fault}");
    assert_eq!(world.contacts_sent().await, 500, "{fault}");
    holds(&world.contacts().await, (0..500).map(address));

    let posts = world.posts().await;
    let at = |n: usize| posts[n]["at"].as_str().unwrap().parse::<Timestamp>().unwrap();
    let again = (2..posts.len()).find(|n| posts[*n]["body"] == posts[1]["body"]).unwrap();
    let waited = at(again).duration_since(at(1));
    assert!(waited >= least, "{fault}: sent again after {waited:#}, not {least:#}");
}

#[tokio::test]
async fn waits_as_long_as_the_body_or_a_header_asks_or_for_a_default_time() {
    tokio::join!(
        waits_at_least("status=429,retry_after=1", SignedDuration::from_secs(1)),
        waits_at_least("status=429,retry_after_header=1", SignedDuration::from_secs(1)),
        waits_at_least("status=429,retry_after=1,retry_after_header=2", SignedDuration::from_secs(2)),
        waits_at_least("status=429,html,retry_after_header=1", SignedDuration::from_secs(1)),
        waits_at_least("status=429,html", SignedDuration::from_millis(250)),
        waits_at_least("status=429", SignedDuration::from_millis(250)),
    );
}

#[tokio::test]
async fn occasional_throttling_costs_only_time() {
    let world = World::of_people(3_000).await;
    for skip in [2, 9, 10, 11, 25] {
        world.fault(&format!("status=429,method=POST,skip={skip},count=2")).await;
    }
    world.fault("status=429,method=GET,count=1").await;
    let ran = world.call("run vip").scale("wait:100").end().await;
    ran.exits(0).reports("succeeded", [3_000, 0, 0]);
    assert_eq!(ran.report()["requests"]["throttled"], 10);
    assert_eq!(world.contacts_sent().await, 3_000);
    assert!(ran.stdout.contains("10 requests were throttled (429) and retried"), "{}", ran.stdout);
}
