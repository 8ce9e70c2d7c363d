//! `batch_size`: the most contacts in a batch.

use serde_json::Value;

use crate::harness::{FAST, Segment, World, options};

async fn world(people: u64, batch_size: &str) -> World {
    let world = World::with(options(), Segment::people(people)).await;
    world.connection_with("acme", FAST, &format!("tags = \"inline\"\nbatch_size = {batch_size}"));
    world
}

/// Returns the number of contacts in each batch, in ascending order.
async fn sizes(world: &World) -> Vec<usize> {
    let size = |post: &Value| {
        let body: Value = serde_json::from_str(post["body"].as_str().unwrap()).unwrap();
        body["items"].as_array().unwrap().len()
    };
    let mut sizes: Vec<usize> = world.posts().await.iter().map(size).collect();
    sizes.sort_unstable();
    sizes
}

#[tokio::test]
async fn a_batch_has_at_most_batch_size_contacts() {
    let world = world(25, "10").await;
    world.call("run vip").end().await.exits(0).reports("succeeded", [25, 0, 0]);
    assert_eq!(sizes(&world).await, [5, 10, 10]);
}

#[tokio::test]
async fn rejects_a_batch_size_above_omnisends_documented_limit() {
    for (batch_size, message) in [
        ("101", "expected a whole number from 1 to 100, found 101"),
        ("1000", "expected a whole number from 1 to 100, found 1000"),
        ("\"auto\"", "`auto` is not supported"),
    ] {
        let world = world(25, batch_size).await;
        world.call("run vip").end().await.exits(2).says(&[
            "connections/acme.toml",
            message,
            "100 is the most contacts that Omnisend documents for a batch",
        ]);
        assert_eq!(world.requests().await.len(), 0, "requests were made with batch_size = {batch_size}");
    }
}

#[tokio::test]
async fn reads_findings_of_a_version_that_searched_for_the_largest_batch() {
    let world = world(25, "100").await;
    world.write(
        "findings/acme.json",
        r#"{"batch": {"contacts": 1000, "says": "Omnisend took a batch of as many", "at": "2026-11-01T10:00:00Z",
            "run": {"export": "vip", "run": "20261101t100000z-1a2b3c4d"}}}"#,
    );
    world.call("run vip").end().await.exits(0).reports("succeeded", [25, 0, 0]);
    assert_eq!(sizes(&world).await, [25]);
}
