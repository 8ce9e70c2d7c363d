//! A request without an answer is retried, whether or not Omnisend carried it out, and its contacts are counted once.

use crate::harness::{World, address, holds};

/// `carried_out` is the number of contacts of the unanswered request that Omnisend accepted.
async fn is_counted_once(fault: &str, carried_out: u64) {
    let world = World::of_people(500).await;
    world.fault(&format!("{fault},method=POST,skip=1,count=1")).await;
    // The timeout for an answer is 30 s; here it is divided by 10.
    let ran = world.call("run vip").scale("answer:10,wait:50").end().await;
    ran.exits(0).reports("succeeded", [500, 0, 0]);
    assert_eq!(ran.report()["batches"], 5, "{fault}");
    assert_eq!(ran.report()["requests"]["upload"], 6, "{fault}");
    assert_eq!(world.contacts_sent().await, 500 + carried_out, "{fault}");
    holds(&world.contacts().await, (0..500).map(address));
}

#[tokio::test]
async fn retries_a_post_without_an_answer_and_counts_its_contacts_once() {
    tokio::join!(
        is_counted_once("hang", 0),
        is_counted_once("hang,when=after", 100),
        is_counted_once("reset", 0),
        is_counted_once("reset,when=after", 100),
        is_counted_once("status=504,when=after", 100),
    );
}
