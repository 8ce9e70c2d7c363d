//! How many contacts a request holds: what the connection says, or what Omnisend was found to take.

use omnisend_export::sandbox::Options;
use serde_json::{Value, json};

use crate::harness::{FAST, Segment, World, address, holds, options};

const AUTO: &str = "tags = \"inline\"\nbatch_size = \"auto\"";

async fn world(max_batch_items: usize, people: u64, says: &str) -> World {
    let world = World::with(Options { max_batch_items, ..options() }, Segment::people(people)).await;
    world.connection_with("acme", FAST, says);
    world
}

/// How many contacts each batch was posted with: several are on their way at once.
async fn sizes(world: &World) -> Vec<usize> {
    let of = |post: &Value| {
        let body: Value = serde_json::from_str(post["body"].as_str().unwrap()).unwrap();
        body["items"].as_array().unwrap().len()
    };
    world.posts().await.iter().map(of).collect()
}

fn sorted(sizes: &[usize]) -> Vec<usize> {
    let mut sizes = sizes.to_vec();
    sizes.sort_unstable();
    sizes
}

fn found(world: &World) -> Value {
    serde_json::from_str::<Value>(&world.read("findings/acme.json")).unwrap()["batch"]["contacts"].clone()
}

#[tokio::test]
async fn where_omnisend_takes_a_thousand_every_batch_has_as_many() {
    let world = world(1_000, 2_300, AUTO).await;
    world.call("run vip").end().await.exits(0).reports("succeeded", [2_300, 0, 0]);
    assert_eq!(sorted(&sizes(&world).await), [300, 1_000, 1_000]);
    assert_eq!(found(&world), 1_000);
    holds(&world.contacts().await, (0..2_300).map(address));
    world.call("run vip").end().await.exits(0).reports("succeeded", [2_300, 0, 0]);
    assert_eq!(sorted(&sizes(&world).await[3..]), [300, 1_000, 1_000]);
}

#[tokio::test]
async fn where_it_refuses_them_it_is_the_published_hundred_and_asked_once() {
    let world = world(100, 1_050, AUTO).await;
    world.call("run vip").end().await.exits(0).reports("succeeded", [1_050, 0, 0]);
    let sizes_sent = sizes(&world).await;
    assert_eq!(sizes_sent[0], 1_000);
    assert_eq!(sorted(&sizes_sent[1..]), [vec![50], vec![100; 10]].concat());
    assert_eq!((found(&world), world.taken().await), (json!(100), 1_050));
    world.call("run vip").end().await.exits(0);
    assert_eq!(sizes(&world).await.len(), 12 + 11, "nothing is tried again");
}

#[tokio::test]
async fn too_few_contacts_show_nothing_and_are_sent_as_published() {
    let world = world(1_000, 250, AUTO).await;
    world.call("run vip").end().await.exits(0).reports("succeeded", [250, 0, 0]);
    assert_eq!(sorted(&sizes(&world).await), [50, 100, 100]);
    assert!(!world.files().contains(&"findings/acme.json".to_owned()));
}

#[tokio::test]
async fn a_connection_may_say_how_many() {
    let world = world(100, 25, "tags = \"inline\"\nbatch_size = 10").await;
    world.call("run vip").end().await.exits(0).reports("succeeded", [25, 0, 0]);
    assert_eq!(sorted(&sizes(&world).await), [5, 10, 10]);
}

#[tokio::test]
async fn a_refusal_of_one_contact_is_not_taken_for_one_of_their_number() {
    let options = Options { max_batch_items: 1_000, validate_batches_synchronously: true, ..options() };
    let world = World::with(options, Segment::people(1_000)).await;
    world.connection_with("acme", FAST, AUTO);
    world.fault(&format!("refuse_item={}", address(7))).await;
    world.call("run vip").end().await.exits(3).reports("partial", [999, 1, 0]);
    assert!(!world.files().contains(&"findings/acme.json".to_owned()));
}

#[cfg(all(feature = "kill-points", feature = "test-scale"))]
#[tokio::test]
async fn killed_after_the_larger_batch_nothing_is_lost() {
    let world = world(1_000, 1_500, AUTO).await;
    let kill = ("OMNISEND_EXPORT_KILL", "upload.tried:1");
    world.call("run vip").env(kill.0, kill.1).end().await.was_killed();
    world.call("run vip").end().await.exits(0).reports("succeeded", [1_500, 0, 0]);
    assert_eq!(world.taken().await, 2_500, "that batch was sent twice, and no other");
    holds(&world.contacts().await, (0..1_500).map(address));
}
