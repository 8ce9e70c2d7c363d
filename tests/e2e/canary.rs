//! The canary finds out whether an upsert adds its tags or replaces the contact's tags, which is undocumented. The
//! contact never loses another tag, even if the process is killed.

use std::{collections::BTreeSet, time::Duration};

use omnisend_sandbox::{Options, TagMode};
use serde_json::{Value, json};

use crate::harness::{FAST, Ran, Segment, World, address, options};

/// A pace for tag changes that no test reaches, and short waits.
const QUICK: &str = "pace:1000,wait:25";
const TAG: &str = "segment: VIP";
const FINDINGS: &str = "findings/acme.json";

fn sandbox(tag_mode: TagMode) -> Options {
    Options { tag_mode, tags_per_minute: FAST, ..options() }
}

/// Returns a world with contacts, whose connection does not set `tags`.
async fn world(options: Options, people: u64, contacts: &Value) -> World {
    let world = World::with(options, Segment::people(people)).await;
    world.connection_with("acme", FAST, "");
    world.seed(contacts).await;
    world
}

async fn run(world: &World) -> Ran {
    world.call("run vip").scale(QUICK).end().await
}

async fn tags(world: &World, n: u64) -> BTreeSet<String> {
    let contact = world.contacts().await[&address(n)].clone();
    let tags = contact["tags"].as_array().unwrap().iter().map(|tag| tag.as_str().unwrap().to_owned());
    tags.collect()
}

fn set(tags: &[&str]) -> BTreeSet<String> {
    tags.iter().map(|tag| (*tag).to_owned()).collect()
}

fn finding(world: &World) -> Value {
    serde_json::from_str(&world.read(FINDINGS)).unwrap()
}

/// Returns the number of requests with a method and a path.
async fn requests(world: &World, method: &str, path: &str) -> usize {
    let matches = |request: &&Value| request["method"] == method && request["path"] == path;
    world.requests().await.iter().filter(matches).count()
}

fn tagged(n: u64, tags: &[&str]) -> Value {
    json!({ "email": address(n), "tags": tags })
}

#[tokio::test]
async fn sends_tags_in_batches_if_omnisend_adds_them() {
    let contacts = json!([tagged(0, &["source: shop", "mine"]), tagged(2, &["other"])]);
    let world = world(sandbox(TagMode::Add), 5, &contacts).await;
    run(&world).await.exits(0).reports("succeeded", [5, 0, 0]);
    assert_eq!(tags(&world, 0).await, set(&["source: shop", "mine", TAG]));
    assert_eq!(tags(&world, 1).await, set(&[TAG]));
    assert_eq!(tags(&world, 2).await, set(&["other", TAG]));
    let found = finding(&world);
    assert_eq!((&found["tags"]["way"], &found["tags"]["certain"]), (&json!("inline"), &json!(true)));
    assert_eq!(
        (&found["tags"]["evidence"]["before"], &found["tags"]["evidence"]["after"]),
        (&json!({ "ours": [], "others": 2 }), &json!({ "ours": [TAG], "others": 2 }))
    );
    assert_eq!(requests(&world, "POST", "/api/contacts").await, 1);
    assert_eq!(requests(&world, "POST", "/api/contacts/tags").await, 0);

    // The next run uses the finding.
    run(&world).await.exits(0);
    assert_eq!(requests(&world, "POST", "/api/contacts").await, 1);
    assert_eq!(requests(&world, "GET", "/api/contacts").await, 2);
}

#[tokio::test]
async fn restores_tags_and_uses_the_endpoint_if_omnisend_replaces_them() {
    let contacts =
        json!([tagged(0, &["source: shop", "mine"]), tagged(2, &["other"]), tagged(9, &["not here"])]);
    let world = world(sandbox(TagMode::Replace), 600, &contacts).await;
    let ran = run(&world).await;
    ran.exits(0).reports("succeeded", [600, 0, 0]);
    assert_eq!(tags(&world, 0).await, set(&["source: shop", "mine", TAG]));
    assert_eq!(tags(&world, 2).await, set(&["other", TAG]));
    for n in [1, 3, 599] {
        assert_eq!(tags(&world, n).await, set(&[TAG]));
    }
    let found = finding(&world);
    assert_eq!((&found["tags"]["way"], &found["tags"]["certain"]), (&json!("endpoint"), &json!(true)));
    assert_eq!(found["canary"], Value::Null);
    // One request restores the tags of the canary, three add the tag to 600 contacts.
    assert_eq!(requests(&world, "POST", "/api/contacts/tags").await, 4);
    let report = ran.report();
    assert_eq!(report["tags"]["added_to"], 600);
    assert_eq!(report["requests"]["tags"], 3);

    // A second run loses no tag either.
    run(&world).await.exits(0).reports("succeeded", [600, 0, 0]);
    assert_eq!(tags(&world, 0).await, set(&["source: shop", "mine", TAG]));
    assert_eq!(requests(&world, "POST", "/api/contacts").await, 1);
}

#[tokio::test]
async fn gives_a_contact_without_other_tags_a_temporary_one() {
    for (mode, way) in [(TagMode::Add, "inline"), (TagMode::Replace, "endpoint")] {
        for contacts in [json!([]), json!([tagged(0, &[])]), json!([tagged(0, &[TAG])])] {
            let world = world(sandbox(mode), 3, &contacts).await;
            run(&world).await.exits(0).reports("succeeded", [3, 0, 0]);
            for n in 0..3 {
                assert_eq!(tags(&world, n).await, set(&[TAG]), "{mode:?} {contacts}");
            }
            let found = finding(&world);
            assert_eq!(found["tags"]["way"], way, "{contacts}");
            assert_eq!(found["tags"]["certain"], true);
            assert_eq!(found["canary"], Value::Null);
        }
    }
}

#[tokio::test]
async fn a_contact_with_the_export_tag_and_others_can_be_the_canary() {
    for (mode, way) in [(TagMode::Add, "inline"), (TagMode::Replace, "endpoint")] {
        let world = world(sandbox(mode), 2, &json!([tagged(0, &["a", TAG, "b"])])).await;
        run(&world).await.exits(0);
        assert_eq!(tags(&world, 0).await, set(&["a", "b", TAG]));
        assert_eq!(finding(&world)["tags"]["way"], way);
    }
}

#[tokio::test]
async fn waits_until_a_change_of_tags_takes_effect() {
    for mode in [TagMode::Add, TagMode::Replace] {
        let options = Options { batch_delay: Duration::from_millis(150), ..sandbox(mode) };
        let world = world(options, 3, &json!([tagged(0, &["a", TAG])])).await;
        world.call("run vip").scale("pace:1000,wait:5").end().await.exits(0);
        let found = finding(&world);
        assert_eq!((&found["tags"]["certain"], &found["canary"]), (&json!(true), &Value::Null));
        world.idle().await;
        assert_eq!(tags(&world, 0).await, set(&["a", TAG]));
    }
}

#[tokio::test]
async fn without_a_certain_finding_uses_the_endpoint_and_tries_again_after_a_day() {
    for fault in [
        "status=403,path=/contacts,method=GET",
        "status=400,path=/contacts,method=POST",
        "status=404,path=/contacts,method=POST",
    ] {
        let world = world(sandbox(TagMode::Add), 3, &json!([tagged(0, &["a"])])).await;
        world.fault(fault).await;
        run(&world).await.exits(0).reports("succeeded", [3, 0, 0]);
        assert_eq!(tags(&world, 0).await, set(&["a", TAG]), "{fault}");
        let found = finding(&world);
        assert_eq!((&found["tags"]["way"], &found["tags"]["certain"]), (&json!("endpoint"), &json!(false)));
        assert_eq!(requests(&world, "POST", "/api/batches").await, 1);
        world.no_faults().await;
        let before = requests(&world, "GET", "/api/contacts").await;
        run(&world).await.exits(0);
        // The run cleans up after the first canary, and sends no second one.
        assert_eq!(finding(&world)["canary"], Value::Null, "{fault}");
        assert!(requests(&world, "GET", "/api/contacts").await <= before + 1, "{fault}");
        // After a day it sends a second canary.
        let mut old = finding(&world);
        old["tags"]["at"] = json!("2026-01-01T00:00:00Z");
        world.write(FINDINGS, old.to_string());
        run(&world).await.exits(0);
        assert_eq!(finding(&world)["tags"]["way"], "inline");
    }
}

#[tokio::test]
async fn tries_another_contact_if_omnisend_refuses_the_canary() {
    let world = world(sandbox(TagMode::Replace), 4, &json!([tagged(2, &["a"])])).await;
    for n in [0, 1] {
        world.fault(&format!("refuse_item={}", address(n))).await;
    }
    run(&world).await.exits(3).reports("partial", [2, 2, 0]);
    let found = finding(&world);
    assert_eq!((&found["tags"]["way"], &found["tags"]["certain"]), (&json!("endpoint"), &json!(true)));
    assert_eq!(found["canary"], Value::Null);
    assert_eq!(tags(&world, 2).await, set(&["a", TAG]));
}

#[tokio::test]
async fn sends_no_canary_if_tags_could_not_be_restored() {
    let world = world(sandbox(TagMode::Replace), 3, &json!([tagged(0, &["a"])])).await;
    world.fault("status=403,path=/contacts/tags").await;
    let ran = run(&world).await;
    ran.exits(1).says(&["some tags were not changed"]).reports("failed", [3, 0, 0]);
    assert_eq!(
        requests(&world, "POST", "/api/contacts").await,
        0,
        "a canary was sent although its tags could not be restored"
    );
    assert_eq!(tags(&world, 0).await, set(&["a"]));
    world.no_faults().await;
    // The next run only changes the tags.
    run(&world).await.exits(0).reports("succeeded", [3, 0, 0]);
    assert_eq!(requests(&world, "POST", "/api/batches").await, 1);
    assert_eq!(tags(&world, 0).await, set(&["a", TAG]));
}

#[tokio::test]
async fn sends_no_canary_if_the_connection_sets_tags() {
    for (setting, way) in [("inline", 0), ("endpoint", 1)] {
        let world = world(sandbox(TagMode::Add), 3, &json!([tagged(0, &["a"])])).await;
        world.connection_with("acme", FAST, &format!("tags = \"{setting}\""));
        run(&world).await.exits(0).reports("succeeded", [3, 0, 0]);
        assert_eq!(tags(&world, 0).await, set(&["a", TAG]));
        assert_eq!(requests(&world, "POST", "/api/contacts").await, 0);
        assert_eq!(requests(&world, "POST", "/api/contacts/tags").await, way);
        assert!(!world.files().contains(&FINDINGS.to_owned()));
    }
}

#[tokio::test]
async fn the_canary_keeps_its_consent_if_none_is_mapped() {
    let old = json!([{
        "email": address(0), "status": "unsubscribed", "statusChangedAt": "2025-01-02T03:04:05Z", "tags": ["a"],
    }]);
    let world = world(sandbox(TagMode::Replace), 2, &old).await;
    run(&world).await.exits(0);
    let contact = world.contacts().await[&address(0)].clone();
    assert_eq!(
        (&contact["status"], &contact["statusChangedAt"]),
        (&json!("unsubscribed"), &json!("2025-01-02T03:04:05Z"))
    );
}

/// The kill points of a canary and of the tag change after it.
#[cfg(feature = "kill-points")]
const STEPS: [&str; 7] = [
    "canary.intent",
    "canary.created",
    "canary.probed",
    "canary.put-back",
    "canary.removed",
    "canary.before-finding",
    "tag.added",
];

#[cfg(feature = "kill-points")]
#[tokio::test]
async fn the_next_run_cleans_up_after_a_kill_at_any_step() {
    let mut killed = BTreeSet::new();
    for mode in [TagMode::Add, TagMode::Replace] {
        for had in [None, Some(&["a", "b"][..]), Some(&["a", TAG]), Some(&[TAG])] {
            for step in STEPS {
                let contacts = had.map_or(json!([]), |had| json!([tagged(0, had)]));
                let world = world(sandbox(mode), 3, &contacts).await;
                let ran = world
                    .call("run vip")
                    .scale(QUICK)
                    .env("OMNISEND_EXPORT_KILL", &format!("{step}:1"))
                    .end()
                    .await;
                if ran.signal.is_none() {
                    // This case does not reach the step.
                    ran.exits(0);
                } else {
                    killed.insert(step);
                    run(&world).await.exits(0).reports("succeeded", [3, 0, 0]);
                }
                let others = had.unwrap_or_default().iter().copied();
                let expected: Vec<&str> = others.chain([TAG]).collect();
                assert_eq!(tags(&world, 0).await, set(&expected), "{mode:?} {had:?} {step}");
                assert_eq!(tags(&world, 1).await, set(&[TAG]), "{mode:?} {had:?} {step}");
                let found = finding(&world);
                assert_eq!(found["canary"], Value::Null, "{mode:?} {had:?} {step}");
                let way = if mode == TagMode::Add { "inline" } else { "endpoint" };
                assert_eq!(found["tags"]["way"], way, "{had:?} {step}");
            }
        }
    }
    assert_eq!(killed, STEPS.into(), "no case reaches one of the steps");
}

#[cfg(feature = "kill-points")]
#[tokio::test]
async fn another_export_of_the_connection_cleans_up_too() {
    let world = world(sandbox(TagMode::Replace), 3, &json!([tagged(0, &["a", "b"])])).await;
    let kill = world.call("run vip").scale(QUICK).env("OMNISEND_EXPORT_KILL", "canary.probed:1").end().await;
    kill.was_killed();
    assert_eq!(tags(&world, 0).await, set(&[TAG]), "the tags are lost until they are restored");
    world.write("segments/other/1.csv", format!("EMail,FirstName\n{},Other\n", address(7)));
    let other = crate::harness::EXPORT.replace("VIP", "Other").replace("segments/vip/", "segments/other/");
    world.write("exports/acme/other.toml", other);
    // Even if the connection sets `tags` now.
    world.connection_with("acme", FAST, "tags = \"endpoint\"");
    world.call("run other").scale(QUICK).end().await.exits(0);
    // The tag of the killed run stays, because its contact is in that segment.
    assert_eq!(tags(&world, 0).await, set(&["a", "b", TAG]));
    assert_eq!(finding(&world)["canary"], Value::Null);
}
