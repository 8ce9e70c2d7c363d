//! `create_segment`: marketers find the segment where they look, and nothing of theirs is changed.

use serde_json::{Value, json};

use crate::harness::{EXPORT, KEY, World};

/// More changes of segments a minute than any test makes.
const QUICK: &str = "pace:100,wait:25";

async fn world() -> World {
    let world = World::of_people(3).await;
    world.write(
        "exports/acme/vip.toml",
        EXPORT.replace("[[segments]]", "create_segment = true\n[[segments]]"),
    );
    world
}

/// What the report says of the one segment: its state, and why.
async fn run(world: &World) -> (String, Value) {
    let ran = world.call("run vip").scale(QUICK).end().await;
    ran.exits(0).reports("succeeded", [3, 0, 0]);
    let [segment] = ran.report()["segments"].as_array().unwrap().as_slice() else {
        panic!("not one segment")
    };
    assert_eq!((&segment["name"], &segment["tag"]), (&json!("VIP"), &json!("segment: VIP")));
    (segment["state"].as_str().unwrap().to_owned(), segment["says"].clone())
}

async fn there(world: &World) -> Vec<Value> {
    world.state().await["segments"].as_array().unwrap().clone()
}

fn on(tag: &str, name: &str) -> Value {
    let filter = json!({ "property": "tags", "operator": "anyOf", "value": [tag] });
    let condition = json!({ "entity": "contact", "junction": "and", "filters": [filter] });
    json!({ "name": name, "conditionGroups": [{ "conditions": [condition] }] })
}

async fn asked(world: &World, method: &str) -> usize {
    let is = |request: &&Value| {
        request["method"] == method && request["path"].as_str().unwrap().starts_with("/api/segments")
    };
    world.requests().await.iter().filter(is).count()
}

#[tokio::test]
async fn it_is_made_once_and_remembered() {
    let world = world().await;
    assert_eq!(run(&world).await, ("created".to_owned(), Value::Null));
    let made = there(&world).await;
    assert_eq!(made.len(), 1);
    assert_eq!(made[0]["conditionGroups"], on("segment: VIP", "VIP")["conditionGroups"]);
    assert_eq!((asked(&world, "GET").await, asked(&world, "POST").await), (1, 1));
    // A later run asks for that one only.
    assert_eq!(run(&world).await, ("there".to_owned(), Value::Null));
    assert_eq!((asked(&world, "GET").await, asked(&world, "POST").await), (2, 1));
    assert_eq!(there(&world).await, made);
}

#[tokio::test]
async fn one_that_was_renamed_stays_and_one_that_was_deleted_is_made_again() {
    let world = world().await;
    run(&world).await;
    let id = there(&world).await[0]["segmentID"].as_str().unwrap().to_owned();
    world.api(KEY, "PUT", &format!("segments/{id}"), &on("segment: VIP", "Our best")).await;
    assert_eq!(run(&world).await.0, "there");
    assert_eq!(there(&world).await.len(), 1);
    world.api(KEY, "DELETE", &format!("segments/{id}"), &Value::Null).await;
    assert_eq!(run(&world).await.0, "created");
    assert_eq!(there(&world).await.len(), 1);
    assert_eq!(run(&world).await.0, "there");
}

#[tokio::test]
async fn one_of_that_name_is_never_changed() {
    for (tag, state) in [("segment: VIP", "there"), ("somebody's", "other")] {
        let world = world().await;
        let tag = tag.replace('\'', "");
        for n in 0..5 {
            world.api(KEY, "POST", "segments", &on("other", &format!("Segment {n}"))).await;
        }
        world.api(KEY, "POST", "segments", &on(&tag, "VIP")).await;
        let before = there(&world).await;
        let (found, says) = run(&world).await;
        assert_eq!(found, state);
        assert_eq!(says.as_str().is_some_and(|says| says.contains("was left as it is")), state == "other");
        assert_eq!(there(&world).await, before);
    }
}

#[tokio::test]
async fn what_goes_wrong_there_fails_no_run() {
    let world = world().await;
    let fault = "status=403,path=/segments";
    world.fault(fault).await;
    let (state, says) = run(&world).await;
    assert_eq!(state, "failed");
    assert!(says.as_str().unwrap().starts_with("the API key may not read and write segments"), "{says}");
    world.no_faults().await;
    assert_eq!(run(&world).await.0, "created");
}

#[tokio::test]
async fn an_answer_that_is_lost_makes_no_second_one() {
    for fault in [
        "reset,when=after,path=/segments,method=POST,count=1",
        "status=503,path=/segments,method=POST,count=1",
    ] {
        let world = world().await;
        world.fault(fault).await;
        let (state, _) = run(&world).await;
        // Made before its answer was lost, it is found; else the next run makes it.
        assert_eq!(state, if fault.starts_with("reset") { "there" } else { "failed" });
        run(&world).await;
        assert_eq!(there(&world).await.len(), 1, "{fault}");
    }
}

#[cfg(feature = "kill-points")]
#[tokio::test]
async fn killed_when_it_was_made_it_is_found_again() {
    let world = world().await;
    let call = world.call("run vip").scale(QUICK).env("OMNISEND_EXPORT_KILL", "segment.created:1");
    call.end().await.was_killed();
    assert_eq!(run(&world).await.0, "there");
    assert_eq!(there(&world).await.len(), 1);
}

#[tokio::test]
async fn the_published_limits_hold_without_any_help() {
    let mut options = crate::harness::options();
    options.tags_per_minute = 60;
    let world = World::with(options, crate::harness::Segment::people(3)).await;
    world.connection_with("acme", crate::harness::FAST, "");
    world.write(
        "exports/acme/vip.toml",
        EXPORT.replace("[[segments]]", "create_segment = true\n[[segments]]"),
    );
    let ran = world.call("run vip").end().await;
    ran.exits(0).reports("succeeded", [3, 0, 0]);
    // That nothing was answered with 429 is checked after every call.
    assert_eq!(ran.report()["segments"][0]["state"], "created");
}
