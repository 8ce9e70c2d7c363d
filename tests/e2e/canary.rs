//! How contacts get their tags: a canary finds out what nobody documents, and no tag of somebody else's is lost over
//! it, whenever it is killed.

use std::{collections::BTreeSet, time::Duration};

use omnisend_export::sandbox::{Options, TagMode};
use serde_json::{Value, json};

use crate::harness::{FAST, Ran, Segment, World, address, options};

/// More changes of tags a minute than any test makes, and short waits.
const QUICK: &str = "pace:1000,wait:25";
const TAG: &str = "segment: VIP";
const FINDINGS: &str = "findings/acme.json";

fn sandbox(tag_mode: TagMode) -> Options {
    Options { tag_mode, tags_per_minute: FAST, ..options() }
}

/// A world whose connection says nothing of tags, with contacts in it.
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

/// Requests by method and path.
async fn asked(world: &World, method: &str, path: &str) -> usize {
    let is = |request: &&Value| request["method"] == method && request["path"] == path;
    world.requests().await.iter().filter(is).count()
}

fn has(n: u64, tags: &[&str]) -> Value {
    json!({ "email": address(n), "tags": tags })
}

#[tokio::test]
async fn where_tags_are_added_they_go_into_the_batches_from_then_on() {
    let contacts = json!([has(0, &["source: shop", "mine"]), has(2, &["other"])]);
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
    assert_eq!(asked(&world, "POST", "/api/contacts").await, 1);
    assert_eq!(asked(&world, "POST", "/api/contacts/tags").await, 0);

    // The next run knows.
    run(&world).await.exits(0);
    assert_eq!(asked(&world, "POST", "/api/contacts").await, 1);
    assert_eq!(asked(&world, "GET", "/api/contacts").await, 2);
}

#[tokio::test]
async fn where_they_replace_what_was_lost_is_put_back_and_tags_come_after_the_batches() {
    let contacts = json!([has(0, &["source: shop", "mine"]), has(2, &["other"]), has(9, &["not here"])]);
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
    // One puts back, three add the tag of 600 contacts.
    assert_eq!(asked(&world, "POST", "/api/contacts/tags").await, 4);
    let report = ran.report();
    assert_eq!(report["tags"]["added_to"], 600);
    assert_eq!(report["requests"]["tags"], 3);

    // A second run harms nobody either.
    run(&world).await.exits(0).reports("succeeded", [600, 0, 0]);
    assert_eq!(tags(&world, 0).await, set(&["source: shop", "mine", TAG]));
    assert_eq!(asked(&world, "POST", "/api/contacts").await, 1);
}

#[tokio::test]
async fn a_contact_that_has_no_other_tags_shows_it_by_a_temporary_one_that_goes() {
    for (mode, way) in [(TagMode::Add, "inline"), (TagMode::Replace, "endpoint")] {
        for contacts in [json!([]), json!([has(0, &[])]), json!([has(0, &[TAG])])] {
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
async fn a_contact_with_our_tag_and_others_shows_it_too() {
    for (mode, way) in [(TagMode::Add, "inline"), (TagMode::Replace, "endpoint")] {
        let world = world(sandbox(mode), 2, &json!([has(0, &["a", TAG, "b"])])).await;
        run(&world).await.exits(0);
        assert_eq!(tags(&world, 0).await, set(&["a", "b", TAG]));
        assert_eq!(finding(&world)["tags"]["way"], way);
    }
}

#[tokio::test]
async fn changes_of_tags_that_take_effect_later_are_waited_for() {
    for mode in [TagMode::Add, TagMode::Replace] {
        let options = Options { batch_delay: Duration::from_millis(150), ..sandbox(mode) };
        let world = world(options, 3, &json!([has(0, &["a", TAG])])).await;
        world.call("run vip").scale("pace:1000,wait:5").end().await.exits(0);
        let found = finding(&world);
        assert_eq!((&found["tags"]["certain"], &found["canary"]), (&json!(true), &Value::Null));
        world.idle().await;
        assert_eq!(tags(&world, 0).await, set(&["a", TAG]));
    }
}

#[tokio::test]
async fn what_stays_doubtful_is_decided_for_the_documented_endpoint_and_not_asked_again_at_once() {
    for fault in [
        "status=403,path=/contacts,method=GET",
        "status=400,path=/contacts,method=POST",
        "status=404,path=/contacts,method=POST",
    ] {
        let world = world(sandbox(TagMode::Add), 3, &json!([has(0, &["a"])])).await;
        world.fault(fault).await;
        run(&world).await.exits(0).reports("succeeded", [3, 0, 0]);
        assert_eq!(tags(&world, 0).await, set(&["a", TAG]), "{fault}");
        let found = finding(&world);
        assert_eq!((&found["tags"]["way"], &found["tags"]["certain"]), (&json!("endpoint"), &json!(false)));
        assert_eq!(asked(&world, "POST", "/api/batches").await, 1);
        world.no_faults().await;
        let before = asked(&world, "GET", "/api/contacts").await;
        run(&world).await.exits(0);
        // What could not be tidied up is, now; no second canary is sent.
        assert_eq!(finding(&world)["canary"], Value::Null, "{fault}");
        assert!(asked(&world, "GET", "/api/contacts").await <= before + 1, "{fault}");
        // A day later, one is.
        let mut old = finding(&world);
        old["tags"]["at"] = json!("2026-01-01T00:00:00Z");
        world.write(FINDINGS, old.to_string());
        run(&world).await.exits(0);
        assert_eq!(finding(&world)["tags"]["way"], "inline");
    }
}

#[tokio::test]
async fn a_contact_that_omnisend_refuses_is_not_the_last_word() {
    let world = world(sandbox(TagMode::Replace), 4, &json!([has(2, &["a"])])).await;
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
async fn nothing_is_at_stake_where_tags_could_not_be_put_back() {
    let world = world(sandbox(TagMode::Replace), 3, &json!([has(0, &["a"])])).await;
    world.fault("status=403,path=/contacts/tags").await;
    let ran = run(&world).await;
    ran.exits(1).says(&["some tags were not changed"]).reports("failed", [3, 0, 0]);
    assert_eq!(asked(&world, "POST", "/api/contacts").await, 0, "no canary without a way back");
    assert_eq!(tags(&world, 0).await, set(&["a"]));
    world.no_faults().await;
    // It goes on with what is left.
    run(&world).await.exits(0).reports("succeeded", [3, 0, 0]);
    assert_eq!(asked(&world, "POST", "/api/batches").await, 1);
    assert_eq!(tags(&world, 0).await, set(&["a", TAG]));
}

#[tokio::test]
async fn a_connection_that_decides_it_needs_no_canary() {
    for (says, way) in [("inline", 0), ("endpoint", 1)] {
        let world = world(sandbox(TagMode::Add), 3, &json!([has(0, &["a"])])).await;
        world.connection_with("acme", FAST, &format!("tags = \"{says}\""));
        run(&world).await.exits(0).reports("succeeded", [3, 0, 0]);
        assert_eq!(tags(&world, 0).await, set(&["a", TAG]));
        assert_eq!(asked(&world, "POST", "/api/contacts").await, 0);
        assert_eq!(asked(&world, "POST", "/api/contacts/tags").await, way);
        assert!(!world.files().contains(&FINDINGS.to_owned()));
    }
}

#[tokio::test]
async fn consent_that_is_not_mapped_is_not_spoken_of_and_the_contact_keeps_its_own() {
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

/// Every step of a canary, and of what follows.
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
async fn killed_at_any_step_of_a_canary_the_next_run_tidies_up() {
    let mut killed = BTreeSet::new();
    for mode in [TagMode::Add, TagMode::Replace] {
        for had in [None, Some(&["a", "b"][..]), Some(&["a", TAG]), Some(&[TAG])] {
            for step in STEPS {
                let contacts = had.map_or(json!([]), |had| json!([has(0, had)]));
                let world = world(sandbox(mode), 3, &contacts).await;
                let ran = world
                    .call("run vip")
                    .scale(QUICK)
                    .env("OMNISEND_EXPORT_KILL", &format!("{step}:1"))
                    .end()
                    .await;
                if ran.signal.is_none() {
                    // This way does not lead over the step.
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
    assert_eq!(killed, STEPS.into(), "a step is reached by no way");
}

#[cfg(feature = "kill-points")]
#[tokio::test]
async fn another_export_of_the_connection_tidies_up_as_well() {
    let world = world(sandbox(TagMode::Replace), 3, &json!([has(0, &["a", "b"])])).await;
    let kill = world.call("run vip").scale(QUICK).env("OMNISEND_EXPORT_KILL", "canary.probed:1").end().await;
    kill.was_killed();
    assert_eq!(tags(&world, 0).await, set(&[TAG]), "lost, until somebody puts them back");
    world.write("segments/other/1.csv", format!("EMail,FirstName\n{},Other\n", address(7)));
    let other = crate::harness::EXPORT.replace("VIP", "Other").replace("segments/vip/", "segments/other/");
    world.write("exports/acme/other.toml", other);
    // Even where the way is decided since.
    world.connection_with("acme", FAST, "tags = \"endpoint\"");
    world.call("run other").scale(QUICK).end().await.exits(0);
    // The tag of the run that was killed stays: its contact is in the segment, and goes when that is sent.
    assert_eq!(tags(&world, 0).await, set(&["a", "b", TAG]));
    assert_eq!(finding(&world)["canary"], Value::Null);
}
