//! The outcome of each contact, from Omnisend's answers about its batch. A contact counts as accepted only if an answer
//! confirms it.

use omnisend_sandbox::Options;
use serde_json::{Value, json};

use crate::harness::{Ran, Segment, World, address, holds, options};

/// Returns the outcome, code and count of each reason in a report.
fn reasons(ran: &Ran) -> Vec<Value> {
    let reasons = ran.report()["reasons"].as_array().unwrap().iter();
    reasons.map(|reason| json!([reason["outcome"], reason["code"], reason["count"]])).collect()
}

/// Returns the addresses with this outcome in the newest run's rejects.
fn rejects(world: &World, outcome: &str) -> Vec<String> {
    let run = world.reports().into_keys().next_back().unwrap();
    world
        .read(&format!("{run}/rejects.ndjson"))
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter(|reject| reject["outcome"] == outcome)
        .map(|reject| reject["email"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn a_refused_contact_is_rejected_with_omnisends_reason() {
    let world = World::of_people(250).await;
    world.fault(&format!("refuse_item={},code=blocked,message=is on the list", address(7))).await;
    world.fault(&format!("refuse_item={},code=blocked,response_code=422", address(249))).await;
    let ran = world.call("run vip").end().await;
    ran.exits(3).reports("partial", [248, 2, 0]);
    assert_eq!(reasons(&ran), [json!(["rejected", "blocked", 2])]);
    assert_eq!(rejects(&world, "rejected"), [address(7), address(249)]);
    holds(&world.contacts().await, (0..249).filter(|n| *n != 7).map(address));
    let run = world.reports().into_keys().next().unwrap();
    let first = world.read(&format!("{run}/rejects.ndjson"));
    let first: Value = serde_json::from_str(first.lines().next().unwrap()).unwrap();
    assert_eq!((&first["line"], &first["field"]), (&json!(9), &json!("identifiers[0].id")));
    assert!(first["reason"].as_str().unwrap().contains("is on the list"), "{first}");
    assert_eq!(first["contact"]["firstName"], "Person 7");
}

#[tokio::test]
async fn does_not_print_an_address_that_omnisends_reason_contains() {
    let world = World::of_people(2).await;
    let message = format!("{} is on the list", address(1));
    world.fault(&format!("refuse_item={},code=blocked,message={message}", address(1))).await;
    let ran = world.call("run vip").end().await;
    ran.exits(3).reports("partial", [1, 1, 0]);
    assert!(ran.stdout.contains("(an email address) is on the list"), "{}", ran.stdout);
    assert_eq!(rejects(&world, "rejected"), [address(1)]);
}

#[tokio::test]
async fn a_full_subscription_is_at_the_top_of_the_report() {
    let world = World::with(Options { plan_limit: Some(120), ..options() }, Segment::people(250)).await;
    let ran = world.call("run vip").end().await;
    ran.exits(3).reports("partial", [120, 130, 0]);
    assert_eq!(reasons(&ran), [json!(["rejected", "402", 130])]);
    let message = ran.report()["message"].as_str().unwrap_or_default();
    assert!(message.contains("130") && message.contains("plan holds no more contacts"), "{:#}", ran.report());
    let top: Vec<&str> = ran.stdout.lines().take(2).collect();
    assert!(top[1].contains("plan holds no more contacts"), "{top:?}");
    assert_eq!(world.contacts().await.len(), 120);
}

#[tokio::test]
async fn sends_a_refused_batch_again_without_its_refused_items() {
    let strict = Options { validate_batches_synchronously: true, ..options() };
    let world = World::with(strict, Segment::people(250)).await;
    let refused = [3, 98, 140];
    for n in refused {
        world.fault(&format!("refuse_item={},code=blocked,message=is on the list", address(n))).await;
    }
    let ran = world.call("run vip").end().await;
    ran.exits(3).reports("partial", [247, 3, 0]);
    assert_eq!(reasons(&ran), [json!(["rejected", "blocked", 3])]);
    assert_eq!(rejects(&world, "rejected"), refused.map(address));
    assert_eq!(ran.report()["requests"]["upload"], 5, "two of three batches must be sent again once");
    assert_eq!(world.contacts_sent().await, 247);
    holds(&world.contacts().await, (0..250).filter(|n| !refused.contains(n)).map(address));
}

#[tokio::test]
async fn an_error_count_without_items_makes_the_batch_unknown() {
    let world = World::of_people(300).await;
    world.fault("errors_without_items=2,skip=1,count=1").await;
    let ran = world.call("run vip").end().await;
    ran.exits(3).reports("partial", [200, 0, 100]);
    assert_eq!(reasons(&ran), [json!(["unknown", "unknown", 100])]);
    assert_eq!(rejects(&world, "unknown").len(), 100);
    assert_eq!(ran.report()["not_sent"], 0);
}

#[tokio::test]
async fn refused_items_without_an_error_count_are_rejected() {
    let world = World::of_people(100).await;
    world.fault("items_without_errors").await;
    world.fault(&format!("refuse_item={}", address(3))).await;
    let ran = world.call("run vip").end().await;
    ran.exits(3).reports("partial", [99, 1, 0]);
}

#[tokio::test]
async fn a_batch_that_never_ends_is_unknown_after_give_up_after() {
    let world = World::of_people(300).await;
    let stuck = world.fault("stuck_batch,skip=2,count=1").await;
    let ran = world.call("run vip --give-up-after 1s").end().await;
    world.happened(stuck).await;
    ran.exits(3).reports("partial", [200, 0, 100]);
    let arrived = world.contacts().await;
    let missing = (0..300).map(address).filter(|email| !arrived.contains_key(email));
    assert_eq!(rejects(&world, "unknown"), missing.collect::<Vec<_>>());
    ran.says(&["settling: Omnisend is processing"]);
}

#[tokio::test]
async fn sends_the_unprocessed_contacts_of_a_stopped_batch_again_once() {
    let world = World::of_people(300).await;
    world.fault("stopped_batch=30,skip=1,count=1").await;
    world.call("run vip").end().await.exits(0).reports("succeeded", [300, 0, 0]);
    assert_eq!(world.contacts_sent().await, 300 + 70, "contacts that were processed were sent again");
    holds(&world.contacts().await, (0..300).map(address));
}

#[tokio::test]
async fn the_unprocessed_contacts_of_a_batch_that_is_stopped_twice_are_unknown() {
    let world = World::of_people(100).await;
    world.fault("stopped_batch=30").await;
    let ran = world.call("run vip").end().await;
    ran.exits(3).reports("partial", [60, 0, 40]);
    assert_eq!(world.contacts_sent().await, 100 + 70);
    assert_eq!(rejects(&world, "unknown"), (60..100).map(address).collect::<Vec<_>>());
}

#[tokio::test]
async fn finds_every_batch_in_a_listing_that_shifts_while_it_is_read() {
    let world = World::of_people(30_100).await;
    world.fault("shift_listing=5").await;
    world.fault(&format!("refuse_item={}", address(11))).await;
    let ran = world.call("run vip").end().await;
    ran.exits(3).reports("partial", [30_099, 1, 0]);
    assert_eq!(ran.report()["batches"], 301);
    let settle = ran.report()["requests"]["settle"].as_u64().unwrap();
    assert!(settle <= 20, "{settle} requests to settle 301 batches");
}
