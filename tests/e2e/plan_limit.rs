//! A plan that is full: Omnisend refuses contact after contact, and the run stops before it has asked for all of them.

use omnisend_export::sandbox::Options;
use serde_json::{Value, json};

use crate::harness::{Segment, World, address, options};

const PEOPLE: u64 = 10_000;

/// A brand whose plan holds so many contacts.
async fn of_a_plan(contacts: usize) -> World {
    World::with(Options { plan_limit: Some(contacts), ..options() }, Segment::people(PEOPLE)).await
}

#[tokio::test]
async fn a_full_plan_stops_the_run_after_few_requests_and_is_said_first() {
    let world = of_a_plan(100).await;
    let ran = world.call("run vip").scale("chunk:300,wait:50").end().await;
    let report = ran.exits(3).reports("partial", [100, 200, PEOPLE - 300]).report();
    assert_eq!(report["not_sent"], json!(PEOPLE - 300));
    let message = report["message"].as_str().unwrap();
    let said = "Omnisend refuses contacts because of the brand's subscription: The brand's plan holds no more contacts \
                (402). The run was halted: 100 contacts were accepted, 200 were rejected, and 9700 were not sent. Make \
                room in the subscription, or choose a larger one, then run the export again";
    assert_eq!(message, said);
    assert!(
        ran.stdout
            .lines()
            .nth(1)
            .unwrap()
            .contains("Omnisend refuses contacts because of the brand's subscription")
    );
    let requests = world.requests().await.len();
    assert!(requests <= 12, "{requests} requests");
    let told = &report["requests"];
    assert_eq!(told["upload"].as_u64().unwrap() + told["settle"].as_u64().unwrap(), requests as u64);
    assert_eq!(world.contacts().await.len(), 100);
    // Who is refused does not change: the next run finds out as fast.
    world.call("run vip").scale("chunk:300,wait:50").end().await.exits(3);
    assert!(world.requests().await.len() <= 2 * requests);
}

#[tokio::test]
async fn contacts_that_are_there_already_are_updated_in_a_full_plan() {
    let world = of_a_plan(1).await;
    let there: Vec<Value> = (0..PEOPLE).step_by(2).map(|n| json!({ "email": address(n) })).collect();
    world.seed(&json!(there)).await;
    let ran = world.call("run vip").scale("chunk:1000,wait:50").end().await;
    ran.exits(3).reports("partial", [PEOPLE / 2, PEOPLE / 2, 0]);
}

#[tokio::test]
async fn batches_that_are_refused_whole_for_the_plan_stop_the_run_at_once() {
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
async fn contacts_that_are_refused_for_a_field_stop_nothing() {
    let world = World::of_people(900).await;
    for n in 0..300 {
        world.fault(&format!("refuse_item={},code=blocked,message=is on the list", address(n))).await;
    }
    let ran = world.call("run vip").scale("chunk:300,wait:50").end().await;
    ran.exits(3).reports("partial", [600, 300, 0]);
}
