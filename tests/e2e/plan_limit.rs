//! If the brand's subscription allows no more contacts, Omnisend refuses contact after contact, and the run is halted
//! before it has sent all of them.

use omnisend_sandbox::Options;
use serde_json::{Value, json};

use crate::harness::{Segment, World, address, options};

const PEOPLE: u64 = 10_000;

/// Returns a world whose brand's subscription allows this many contacts.
async fn with_limit(contacts: usize) -> World {
    World::with(Options { plan_limit: Some(contacts), ..options() }, Segment::people(PEOPLE)).await
}

#[tokio::test]
async fn a_full_subscription_halts_the_run_after_few_requests_and_comes_first_in_the_report() {
    let world = with_limit(100).await;
    let ran = world.call("run vip").scale("chunk:300,wait:50").end().await;
    let report = ran.exits(3).reports("partial", [100, 200, PEOPLE - 300]).report();
    assert_eq!(report["not_sent"], json!(PEOPLE - 300));
    let message = report["message"].as_str().unwrap();
    let expected = "Omnisend refuses contacts because of the brand's subscription: The brand's plan holds no more \
                    contacts (402). The run was halted: 100 contacts were accepted, 200 were rejected, and 9,700 were \
                    not sent. Make room in the subscription, or choose a larger one, then run the export again";
    assert_eq!(message, expected);
    assert!(
        ran.stdout
            .lines()
            .nth(1)
            .unwrap()
            .contains("Omnisend refuses contacts because of the brand's subscription")
    );
    let requests = world.requests().await.len();
    assert!(requests <= 12, "{requests} requests");
    let reported = &report["requests"];
    assert_eq!(reported["upload"].as_u64().unwrap() + reported["settle"].as_u64().unwrap(), requests as u64);
    assert_eq!(world.contacts().await.len(), 100);
    // The next run is halted after as few requests.
    world.call("run vip").scale("chunk:300,wait:50").end().await.exits(3);
    assert!(world.requests().await.len() <= 2 * requests);
}

#[tokio::test]
async fn updates_existing_contacts_although_the_subscription_is_full() {
    let world = with_limit(1).await;
    let existing: Vec<Value> = (0..PEOPLE).step_by(2).map(|n| json!({ "email": address(n) })).collect();
    world.seed(&json!(existing)).await;
    let ran = world.call("run vip").scale("chunk:1000,wait:50").end().await;
    ran.exits(3).reports("partial", [PEOPLE / 2, PEOPLE / 2, 0]);
}

#[tokio::test]
async fn a_batch_that_is_refused_for_the_subscription_halts_the_run_at_once() {
    for fault in ["status=402,method=POST,path=/batches,skip=2", "status=402,method=POST,path=/batches"] {
        let world = World::of_people(1_000).await;
        world.fault(fault).await;
        let ran = world.call("run vip").scale("chunk:300,wait:50").end().await;
        let accepted = world.contacts().await.len() as u64;
        ran.exits(3).reports("partial", [accepted, 0, 1_000 - accepted]);
        let message = ran.report()["message"].as_str().unwrap();
        assert!(
            message.starts_with("Omnisend refuses contacts because of the brand's subscription"),
            "{message}"
        );
        world.no_faults().await;
        world.call("run vip").end().await.exits(0).reports("succeeded", [1_000, 0, 0]);
    }
}

#[tokio::test]
async fn contacts_that_are_refused_for_a_field_do_not_halt_the_run() {
    let world = World::of_people(900).await;
    for n in 0..300 {
        world.fault(&format!("refuse_item={},code=blocked,message=is on the list", address(n))).await;
    }
    let ran = world.call("run vip").scale("chunk:300,wait:50").end().await;
    ran.exits(3).reports("partial", [600, 300, 0]);
}
