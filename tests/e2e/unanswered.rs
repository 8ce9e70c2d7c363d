//! Requests that are never answered, before and after they were carried out: sent again, counted once.

use crate::harness::{World, address, holds};

async fn is_counted_once(fault: &str, carried_out: u64) {
    let world = World::of_people(500).await;
    world.fault(&format!("{fault},method=POST,skip=1,count=1")).await;
    // An answer may take 30 s, here a tenth of it.
    let ran = world.call("run vip").scale("answer:10,wait:50").end().await;
    ran.exits(0).reports("succeeded", [500, 0, 0]);
    assert_eq!(ran.report()["batches"], 5, "{fault}");
    assert_eq!(ran.report()["requests"]["upload"], 6, "{fault}");
    assert_eq!(world.taken().await, 500 + carried_out, "{fault}");
    holds(&world.contacts().await, (0..500).map(address));
}

#[tokio::test]
async fn a_post_whose_answer_is_lost_is_sent_again_and_counted_once() {
    tokio::join!(
        is_counted_once("hang", 0),
        is_counted_once("hang,when=after", 100),
        is_counted_once("reset", 0),
        is_counted_once("reset,when=after", 100),
        is_counted_once("status=504,when=after", 100),
    );
}
