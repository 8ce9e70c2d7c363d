//! `create_segment` creates a segment in Omnisend for the export's tag, and never changes an existing one.

use serde_json::{Value, json};

use crate::harness::{EXPORT, KEY, World};

/// A pace for segment requests that no test reaches.
const QUICK: &str = "pace:100,wait:25";

async fn world() -> World {
    let world = World::of_people(3).await;
    world.write(
        "exports/acme/vip.toml",
        EXPORT.replace("[[segments]]", "create_segment = true\n[[segments]]"),
    );
    world
}

/// Runs the export, and returns the state of its only segment in the report, with the advice.
async fn run(world: &World) -> (String, Value) {
    let ran = world.call("run vip").scale(QUICK).end().await;
    ran.exits(0).reports("succeeded", [3, 0, 0]);
    let [segment] = ran.report()["segments"].as_array().unwrap().as_slice() else {
        panic!("the report does not have exactly one segment")
    };
    assert_eq!((&segment["name"], &segment["tag"]), (&json!("VIP"), &json!("segment: VIP")));
    (segment["state"].as_str().unwrap().to_owned(), segment["says"].clone())
}

async fn segments(world: &World) -> Vec<Value> {
    world.state().await["segments"].as_array().unwrap().clone()
}

fn segment_body(tag: &str, name: &str) -> Value {
    let filter = json!({ "property": "tags", "operator": "anyOf", "value": [tag] });
    let condition = json!({ "entity": "contact", "junction": "and", "filters": [filter] });
    json!({ "name": name, "conditionGroups": [{ "conditions": [condition] }] })
}

/// Returns the number of segment requests with a method.
async fn requests(world: &World, method: &str) -> usize {
    let matches = |request: &&Value| {
        request["method"] == method && request["path"].as_str().unwrap().starts_with("/api/segments")
    };
    world.requests().await.iter().filter(matches).count()
}

#[tokio::test]
async fn creates_the_segment_once_and_remembers_it() {
    let world = world().await;
    assert_eq!(run(&world).await, ("created".to_owned(), Value::Null));
    let made = segments(&world).await;
    assert_eq!(made.len(), 1);
    assert_eq!(made[0]["conditionGroups"], segment_body("segment: VIP", "VIP")["conditionGroups"]);
    assert_eq!((requests(&world, "GET").await, requests(&world, "POST").await), (1, 1));
    // A later run reads only that segment.
    assert_eq!(run(&world).await, ("there".to_owned(), Value::Null));
    assert_eq!((requests(&world, "GET").await, requests(&world, "POST").await), (2, 1));
    assert_eq!(segments(&world).await, made);
}

#[tokio::test]
async fn keeps_a_renamed_segment_and_creates_a_deleted_one_again() {
    let world = world().await;
    run(&world).await;
    let id = segments(&world).await[0]["segmentID"].as_str().unwrap().to_owned();
    world.api(KEY, "PUT", &format!("segments/{id}"), &segment_body("segment: VIP", "Our best")).await;
    assert_eq!(run(&world).await.0, "there");
    assert_eq!(segments(&world).await.len(), 1);
    world.api(KEY, "DELETE", &format!("segments/{id}"), &Value::Null).await;
    assert_eq!(run(&world).await.0, "created");
    assert_eq!(segments(&world).await.len(), 1);
    assert_eq!(run(&world).await.0, "there");
}

#[tokio::test]
async fn never_changes_a_segment_of_the_same_name() {
    for (tag, state) in [("segment: VIP", "there"), ("another tag", "other")] {
        let world = world().await;
        for n in 0..5 {
            world.api(KEY, "POST", "segments", &segment_body("other", &format!("Segment {n}"))).await;
        }
        world.api(KEY, "POST", "segments", &segment_body(tag, "VIP")).await;
        let before = segments(&world).await;
        let (found, advice) = run(&world).await;
        assert_eq!(found, state);
        assert_eq!(
            advice.as_str().is_some_and(|advice| advice.contains("was left as it is")),
            state == "other"
        );
        assert_eq!(segments(&world).await, before);
    }
}

#[tokio::test]
async fn finds_a_segment_after_many_others() {
    let world = world().await;
    let others: Vec<Value> = (0..120).map(|n| segment_body("other", &format!("Segment {n}"))).collect();
    world.post("segments", &json!(others)).await;
    assert_eq!(run(&world).await, ("created".to_owned(), Value::Null));
    // 3 pages of 50, then the segment itself.
    assert_eq!((requests(&world, "GET").await, requests(&world, "POST").await), (3, 1));
    assert_eq!(run(&world).await.0, "there");
    assert_eq!(segments(&world).await.len(), 121);

    let world = self::world().await;
    world.post("segments", &json!([others, vec![segment_body("segment: VIP", "VIP")]].concat())).await;
    assert_eq!(run(&world).await, ("there".to_owned(), Value::Null));
    assert_eq!((requests(&world, "GET").await, requests(&world, "POST").await), (3, 0));
}

#[tokio::test]
async fn says_that_the_segment_is_archived() {
    let archived = json!(
        "a segment of this name is archived in Omnisend: restore it there, or rename the export's segment"
    );
    let world = world().await;
    assert_eq!(run(&world).await, ("created".to_owned(), Value::Null));
    world.post("segments/archive", &json!({ "name": "VIP" })).await;
    assert_eq!(run(&world).await, ("there".to_owned(), archived.clone()));
    assert_eq!(segments(&world).await.len(), 1);

    // Found by its name, where another one of the name is not archived, and where none is.
    for another in [false, true] {
        let world = self::world().await;
        world.post("segments", &json!([segment_body("segment: VIP", "VIP")])).await;
        world.post("segments/archive", &json!({ "name": "VIP" })).await;
        if another {
            world.post("segments", &json!([segment_body("segment: VIP", "VIP")])).await;
        }
        let says = if another { Value::Null } else { archived.clone() };
        assert_eq!(run(&world).await, ("there".to_owned(), says));
        assert_eq!(segments(&world).await.len(), 1 + usize::from(another));
    }
}

#[tokio::test]
async fn a_failure_with_segments_does_not_fail_the_run() {
    let world = world().await;
    let fault = "status=403,path=/segments";
    world.fault(fault).await;
    let (state, advice) = run(&world).await;
    assert_eq!(state, "failed");
    assert!(advice.as_str().unwrap().starts_with("the API key may not read and write segments"), "{advice}");
    world.no_faults().await;
    assert_eq!(run(&world).await.0, "created");
}

#[tokio::test]
async fn a_lost_response_does_not_create_a_second_segment() {
    for fault in [
        "reset,when=after,path=/segments,method=POST,count=1",
        "status=503,path=/segments,method=POST,count=1",
    ] {
        let world = world().await;
        world.fault(fault).await;
        let (state, _) = run(&world).await;
        // If Omnisend created the segment before the response was lost, the run finds it; if not, the next run creates it.
        assert_eq!(state, if fault.starts_with("reset") { "there" } else { "failed" });
        run(&world).await;
        assert_eq!(segments(&world).await.len(), 1, "{fault}");
    }
}

#[cfg(feature = "kill-points")]
#[tokio::test]
async fn finds_the_segment_again_after_a_kill() {
    let world = world().await;
    let call = world.call("run vip").scale(QUICK).env("OMNISEND_EXPORT_KILL", "segment.created:1");
    call.end().await.was_killed();
    assert_eq!(run(&world).await.0, "there");
    assert_eq!(segments(&world).await.len(), 1);
}

#[tokio::test]
async fn keeps_the_published_limits_at_the_real_pace() {
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
    // Every call checks that no response was a 429.
    assert_eq!(ran.report()["segments"][0]["state"], "created");
}
