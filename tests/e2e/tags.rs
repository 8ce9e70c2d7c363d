//! Tags through the endpoint: only accepted contacts get the export's tag, no other tag changes, and each contact is
//! changed once, even if the process is killed.

use std::collections::BTreeSet;

use omnisend_sandbox::{Options, TagMode};
use serde_json::{Value, json};

use crate::harness::{EXPORT, FAST, Ran, Segment, World, address, options};

const QUICK: &str = "pace:1000,wait:25,chunk:500";
const TAG: &str = "segment: VIP";

fn sandbox() -> Options {
    Options { tag_mode: TagMode::Replace, tags_per_minute: FAST, ..options() }
}

async fn world(people: u64) -> World {
    let world = World::with(sandbox(), Segment::people(people)).await;
    world.connection_with("acme", FAST, "tags = \"endpoint\"");
    world
}

async fn run(world: &World) -> Ran {
    world.call("run vip").scale(QUICK).end().await
}

async fn tagged(world: &World) -> BTreeSet<String> {
    let has = |contact: &Value| contact["tags"].as_array().unwrap().contains(&json!(TAG));
    world.contacts().await.into_iter().filter(|(_, contact)| has(contact)).map(|(email, _)| email).collect()
}

#[tokio::test]
async fn tags_accepted_contacts_only() {
    let world = world(1_200).await;
    world.seed(&json!([{ "email": address(3), "tags": ["mine"] }])).await;
    for refused in [7, 800] {
        world.fault(&format!("refuse_item={}", address(refused))).await;
    }
    let ran = run(&world).await;
    ran.exits(3).reports("partial", [1_198, 2, 0]);
    assert_eq!(
        ran.report()["tags"],
        json!({
            "added_to": 1_198, "added": 1_198, "removed_from": 0, "removed": 0, "refused": 0,
        })
    );
    // Two chunks of 500 and one of 200, in requests of 250.
    assert_eq!(ran.report()["requests"]["tags"], 5);
    let expected: BTreeSet<String> = (0..1_200).filter(|n| ![7, 800].contains(n)).map(address).collect();
    assert_eq!(tagged(&world).await, expected);
    assert_eq!(world.contacts().await[&address(3)]["tags"], json!(["mine", TAG]));
}

#[tokio::test]
async fn tags_contacts_that_were_sent_again() {
    let world = world(300).await;
    world.seed(&json!([{ "email": address(250), "tags": ["mine"] }])).await;
    world.fault("stopped_batch=30,method=POST,path=/batches,skip=2,count=1").await;
    run(&world).await.exits(0).reports("succeeded", [300, 0, 0]);
    assert_eq!(tagged(&world).await.len(), 300);
    assert_eq!(world.contacts().await[&address(250)]["tags"], json!(["mine", TAG]));
}

#[cfg(feature = "kill-points")]
#[tokio::test]
async fn the_next_run_continues_after_a_kill_while_tags_are_added() {
    for nth in [1, 2, 4] {
        let world = world(1_100).await;
        let kill = format!("tag.added:{nth}");
        let call = world.call("run vip").scale(QUICK).env("OMNISEND_EXPORT_KILL", &kill);
        call.end().await.was_killed();
        let ran = run(&world).await;
        ran.exits(0).reports("succeeded", [1_100, 0, 0]);
        assert_eq!(ran.report()["tags"]["added_to"], 1_100, "{kill}");
        assert_eq!(tagged(&world).await.len(), 1_100, "{kill}");
        assert_eq!(world.contacts_sent().await, 1_100, "a contact was sent again for its tag");
    }
}

#[tokio::test]
async fn a_refused_change_of_tags_resumes_where_it_stopped() {
    let world = world(1_100).await;
    world.fault("status=403,path=/contacts/tags,skip=3").await;
    run(&world).await.exits(1).reports("failed", [1_100, 0, 0]).says(&["some tags were not changed"]);
    let before = tagged(&world).await.len();
    assert_eq!(before, 750);
    world.no_faults().await;
    run(&world).await.exits(0).reports("succeeded", [1_100, 0, 0]);
    assert_eq!((tagged(&world).await.len(), world.contacts_sent().await), (1_100, 1_100));
    let posts = |request: &&Value| request["path"] == "/api/contacts/tags";
    // Three were accepted, one was refused, and two were left.
    assert_eq!(world.requests().await.iter().filter(posts).count(), 3 + 1 + 2);
}

#[tokio::test]
async fn cancel_stops_the_change_of_tags() {
    let world = world(600).await;
    let fault = world.fault("delay=200,path=/contacts/tags").await;
    let running = world.call("run vip").scale("pace:1000,chunk:500,wait:5000").start();
    world.happened(fault).await;
    let files = world.run_files();
    let manifest = files.iter().find(|file| file.ends_with("/manifest.json")).unwrap();
    world.write(&manifest.replace("manifest.json", "canceled"), "");
    running.end().await.exits(1).reports("canceled", [600, 0, 0]);
    assert!(tagged(&world).await.len() < 600);
}

/// Replaces the segment with one that lacks some people.
fn remove_people(world: &World, people: u64, gone: impl Fn(u64) -> bool) {
    let rows: Vec<String> =
        (0..people).filter(|n| !gone(*n)).map(|n| format!("{},Person {n}", address(n))).collect();
    let n = rows.len() as u64;
    world.segment(Segment::clean(format!("EMail,FirstName\n{}\n", rows.join("\n")), n));
}

/// Returns a world whose export has mode `mirror` and has run once.
async fn mirrored(people: u64) -> World {
    let world = world(people).await;
    world.write("exports/acme/vip.toml", EXPORT.replace("full", "mirror"));
    let existing = json!([
        { "email": address(1), "tags": ["mine"] },
        { "email": "other@canary.example", "tags": ["mine", TAG] },
    ]);
    world.seed(&existing).await;
    run(&world).await.exits(0).reports("succeeded", [people, 0, 0]);
    world
}

#[tokio::test]
async fn a_leaver_loses_the_export_tag_only() {
    let world = mirrored(5).await;
    remove_people(&world, 5, |n| [1, 3].contains(&n));
    let ran = run(&world).await;
    ran.exits(0);
    assert_eq!(
        (&ran.report()["tags"]["removed_from"], &ran.report()["tags"]["removed"]),
        (&json!(2), &json!(2))
    );
    // A contact that the export did not tag keeps the tag.
    let mut expected: BTreeSet<String> = [0, 2, 4].map(address).into();
    expected.insert("other@canary.example".to_owned());
    assert_eq!(tagged(&world).await, expected);
    assert_eq!(world.contacts().await[&address(1)]["tags"], json!(["mine"]));
    assert_eq!(world.contacts().await.len(), 6, "a contact was created or deleted");
    // A second run does not remove it again.
    run(&world).await.exits(0);
    let deletes = |request: &&Value| request["method"] == "DELETE";
    assert_eq!(world.requests().await.iter().filter(deletes).count(), 1);
}

#[cfg(feature = "kill-points")]
#[tokio::test]
async fn the_next_run_continues_after_a_kill_while_tags_are_removed() {
    for step in ["tag.removed:1", "tag.removed:2"] {
        let world = mirrored(1_000).await;
        remove_people(&world, 1_000, |n| n % 2 == 1);
        let call = world.call("run vip --allow removals").scale(QUICK).env("OMNISEND_EXPORT_KILL", step);
        call.end().await.was_killed();
        run(&world).await.exits(0);
        assert_eq!(tagged(&world).await.len(), 500 + 1, "{step}");
    }
}
