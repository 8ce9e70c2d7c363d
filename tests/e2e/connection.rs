//! `connection test`: shows the brand, the permissions of the key and the findings, and changes nothing.

use serde_json::{Value, json};

use crate::harness::{FAST, Segment, World, options};

const TEST: &str = "connection test acme";

async fn world() -> World {
    let world = World::with(options(), Segment::people(3)).await;
    world.connection_with("acme", FAST, "");
    world
}

async fn tested(world: &World) -> Value {
    let ran = world.call(&format!("{TEST} --json")).end().await;
    ran.exits(0);
    serde_json::from_str(&ran.stdout).unwrap()
}

#[tokio::test]
async fn shows_the_brand_and_the_permissions_of_the_key() {
    let world = world().await;
    let ran = world.call(TEST).end().await;
    ran.exits(0);
    for expected in [
        "brand: Sandbox store, https://store.example",
        "the API key may read contacts\n",
        "the API key may read batches\n",
        "the API key may change contacts' tags\n",
        "the API key may read segments\n",
        "the first upload finds out how contacts get their tags",
        "100 contacts a request, Omnisend's documented limit",
        "the state supports conditional writes",
    ] {
        assert!(ran.stdout.contains(expected), "{expected}: {}", ran.stdout);
    }
    assert!(world.contacts().await.is_empty());
    assert_eq!(world.run_files(), Vec::<String>::new(), "the probe was not removed");
}

#[tokio::test]
async fn shows_the_findings_with_their_evidence() {
    let world = world().await;
    world.call("run vip").end().await.exits(0);
    let found = tested(&world).await;
    assert_eq!((&found["tags"]["way"], &found["tags"]["forced"]), (&json!("inline"), &json!(false)));
    let evidence = &found["tags"]["finding"]["evidence"];
    assert_eq!(evidence["says"], "an upsert adds its tags to those of the contact");
    assert_eq!(evidence["sent"], json!(["omnisend-export canary"]));
    assert_eq!(evidence["after"], json!({ "ours": ["segment: VIP", "omnisend-export canary"], "others": 0 }));

    world.connection_with("acme", FAST, "tags = \"endpoint\"\nbatch_size = 50");
    let found = tested(&world).await;
    assert_eq!((&found["tags"]["way"], &found["tags"]["forced"]), (&json!("endpoint"), &json!(true)));
    assert_eq!(found["batch_size"]["contacts"], 50);
}

#[tokio::test]
async fn names_a_missing_permission() {
    let world = world().await;
    world.fault("status=403,path=/contacts/tags").await;
    world.fault("status=403,path=/brands/current").await;
    let ran = world.call(TEST).end().await;
    ran.exits(1);
    assert!(
        ran.stdout.contains("the API key may NOT change contacts' tags: Omnisend answered 403"),
        "{}",
        ran.stdout
    );
    assert!(ran.stdout.contains("brand: the API key may not read it"), "{}", ran.stdout);
    assert!(ran.stdout.contains("the API key may read contacts\n"), "{}", ran.stdout);
}

#[tokio::test]
async fn says_what_to_do_without_a_connection_or_a_valid_key() {
    let world = world().await;
    world.call("connection test acem").end().await.exits(2).says(&["connections/acem.toml"]);
    world.call(TEST).without_key().end().await.exits(2).says(&["omnisend/acme"]);
    world.fault("status=401").await;
    world.call(TEST).end().await.exits(1).says(&["Omnisend answered 401", "the API key is not valid"]);
}
