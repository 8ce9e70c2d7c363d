//! `connection test`: whose brand it is, what its key may do, what was found out, and nothing is changed over it.

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
async fn it_names_the_brand_and_what_the_key_may_do() {
    let world = world().await;
    let ran = world.call(TEST).end().await;
    ran.exits(0);
    for said in [
        "brand: Sandbox store, https://store.example",
        "the API key may read contacts\n",
        "the API key may read batches\n",
        "the API key may change contacts' tags\n",
        "the API key may read segments\n",
        "the first upload finds out how contacts get their tags",
        "100 contacts a request, Omnisend's documented limit",
        "the state supports conditional writes",
    ] {
        assert!(ran.stdout.contains(said), "{said}: {}", ran.stdout);
    }
    assert!(world.contacts().await.is_empty());
    assert_eq!(world.run_files(), Vec::<String>::new(), "the probe is left behind");
}

#[tokio::test]
async fn what_was_found_out_is_shown_with_its_evidence() {
    let world = world().await;
    world.connection_with("acme", FAST, "batch_size = \"auto\"");
    world.call("run vip").end().await.exits(0);
    let found = tested(&world).await;
    assert_eq!((&found["tags"]["way"], &found["tags"]["forced"]), (&json!("inline"), &json!(false)));
    let evidence = &found["tags"]["finding"]["evidence"];
    assert_eq!(evidence["says"], "an upsert's tags join those that the contact has");
    assert_eq!(evidence["sent"], json!(["omnisend-export canary"]));
    assert_eq!(evidence["after"], json!({ "ours": ["segment: VIP", "omnisend-export canary"], "others": 0 }));
    assert_eq!(found["batch_size"]["to_be_tried"], true, "three contacts show nothing");

    world.connection_with("acme", FAST, "tags = \"endpoint\"\nbatch_size = 250");
    let found = tested(&world).await;
    assert_eq!((&found["tags"]["way"], &found["tags"]["forced"]), (&json!("endpoint"), &json!(true)));
    assert_eq!(found["batch_size"]["contacts"], 250);
}

#[tokio::test]
async fn a_key_that_lacks_a_permission_is_told() {
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
async fn a_connection_that_is_none_or_has_no_key_says_what_to_do() {
    let world = world().await;
    world.call("connection test acem").end().await.exits(2).says(&["connections/acem.toml"]);
    world.call(TEST).without_key().end().await.exits(2).says(&["omnisend/acme"]);
    world.fault("status=401").await;
    world.call(TEST).end().await.exits(1).says(&["Omnisend answered 401", "the API key is not valid"]);
}
