//! How many contacts a request holds: what the connection says, or what Omnisend was found to take.

use serde_json::{Value, json};

use crate::harness::{FAST, Segment, World, options};

const AUTO: &str = "tags = \"inline\"\nbatch_size = \"auto\"";

async fn world(people: u64, says: &str) -> World {
    let world = World::with(options(), Segment::people(people)).await;
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
async fn where_it_refuses_them_it_is_the_published_hundred_and_asked_once() {
    let world = world(1_050, AUTO).await;
    world.call("run vip").end().await.exits(0).reports("succeeded", [1_050, 0, 0]);
    let sizes_sent = sizes(&world).await;
    assert_eq!(sizes_sent[0], 1_000);
    assert_eq!(sorted(&sizes_sent[1..]), [vec![50], vec![100; 10]].concat());
    assert_eq!((found(&world), world.taken().await), (json!(100), 1_050));
    world.call("run vip").end().await.exits(0);
    assert_eq!(sizes(&world).await.len(), 12 + 11, "nothing is tried again");
}

#[tokio::test]
async fn a_connection_may_say_how_many() {
    let world = world(25, "tags = \"inline\"\nbatch_size = 10").await;
    world.call("run vip").end().await.exits(0).reports("succeeded", [25, 0, 0]);
    assert_eq!(sorted(&sizes(&world).await), [5, 10, 10]);
}
