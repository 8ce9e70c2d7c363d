//! 429s that somebody else's use brings about: waited out, at least as long as Omnisend says.

use jiff::{SignedDuration, Timestamp};

use crate::harness::{World, address, holds};

/// Has the second batch meet a 429, and checks that nothing leaves before `least` has passed.
async fn is_waited_out(fault: &str, least: SignedDuration) {
    let world = World::of_people(500).await;
    world.connection("acme", 1_200);
    world.fault(&format!("{fault},method=POST,skip=1,count=1")).await;
    // A wait that nobody names is 10 s, here a fortieth of it.
    let ran = world.call("run vip").scale("wait:40").end().await;
    ran.exits(0).reports("succeeded", [500, 0, 0]);
    assert_eq!(ran.report()["requests"]["throttled"], 1, "{fault}");
    assert_eq!(ran.report()["requests"]["upload"], 6, "{fault}");
    assert_eq!(world.taken().await, 500, "{fault}");
    holds(&world.contacts().await, (0..500).map(address));

    let posts = world.posts().await;
    let at = |n: usize| posts[n]["at"].as_str().unwrap().parse::<Timestamp>().unwrap();
    let again = (2..posts.len()).find(|n| posts[*n]["body"] == posts[1]["body"]).unwrap();
    let waited = at(again).duration_since(at(1));
    assert!(waited >= least, "{fault}: sent again after {waited:#}, not {least:#}");
}

#[tokio::test]
async fn a_wait_in_the_body_in_a_header_in_neither_and_with_a_page() {
    tokio::join!(
        is_waited_out("status=429,retry_after=1", SignedDuration::from_secs(1)),
        is_waited_out("status=429,retry_after_header=1", SignedDuration::from_secs(1)),
        is_waited_out("status=429,retry_after=1,retry_after_header=2", SignedDuration::from_secs(2)),
        is_waited_out("status=429,html,retry_after_header=1", SignedDuration::from_secs(1)),
        is_waited_out("status=429,html", SignedDuration::from_millis(250)),
        is_waited_out("status=429", SignedDuration::from_millis(250)),
    );
}

#[tokio::test]
async fn others_who_come_and_go_cost_time_and_nothing_else() {
    let world = World::of_people(3_000).await;
    for skip in [2, 9, 10, 11, 25] {
        world.fault(&format!("status=429,method=POST,skip={skip},count=2")).await;
    }
    world.fault("status=429,method=GET,count=1").await;
    let ran = world.call("run vip").scale("wait:100").end().await;
    ran.exits(0).reports("succeeded", [3_000, 0, 0]);
    assert_eq!(ran.report()["requests"]["throttled"], 10);
    assert_eq!(world.taken().await, 3_000);
    assert!(ran.stdout.contains("10 requests were throttled (429) and retried"), "{}", ran.stdout);
}
