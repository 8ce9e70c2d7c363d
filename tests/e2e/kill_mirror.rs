//! A run that is killed while it adds tags, removes tags or writes the snapshot, and is run again, leaves Omnisend and the
//! snapshot as an undisturbed run does.

use std::collections::BTreeMap;

use omnisend_sandbox::{Options, TagMode};
use serde_json::{Value, json};

use crate::harness::{EXPORT, FAST, Ran, Segment, World, address, options};

const PEOPLE: u64 = 700;
const QUICK: &str = "pace:1000,wait:25,chunk:300";

/// The step at which the third run is killed, the number of the occurrence, and how contacts get their tags.
const STEPS: [(&str, u64, &str); 8] = [
    ("snapshot.list", 1, "inline"),
    ("snapshot.current", 1, "inline"),
    ("tag.removed", 1, "inline"),
    ("snapshot.list", 1, "endpoint"),
    ("snapshot.current", 1, "endpoint"),
    ("tag.added", 1, "endpoint"),
    ("tag.added", 2, "endpoint"),
    ("tag.removed", 1, "endpoint"),
];

/// Returns the segment on a day: each day some people leave, some join, and some change their names.
fn on_day(day: u64) -> Segment {
    let people = day * 50..PEOPLE + day * 250;
    let name = |n: u64| if (n + day).is_multiple_of(5) { day } else { 0 };
    let rows: Vec<String> = people.clone().map(|n| format!("{},Person {}", address(n), name(n))).collect();
    Segment::clean(format!("EMail,FirstName\n{}\n", rows.join("\n")), people.count() as u64)
}

async fn run(world: &World) -> Ran {
    world.call("run vip").scale(QUICK).end().await
}

/// Returns a world after two days, with the segment of the third day.
async fn world(tags: &str) -> World {
    let tag_mode = if tags == "inline" { TagMode::Add } else { TagMode::Replace };
    let world = World::with(Options { tag_mode, tags_per_minute: FAST, ..options() }, on_day(0)).await;
    world.connection_with("acme", FAST, &format!("tags = \"{tags}\""));
    world.write("exports/acme/vip.toml", EXPORT.replace("full", "mirror"));
    world.seed(&json!([{ "email": address(101), "tags": ["mine"] }])).await;
    for day in 0..2 {
        world.segment(on_day(day));
        run(&world).await.exits(0);
    }
    world.segment(on_day(2));
    world
}

/// Returns Omnisend's contacts, and the number of the snapshot's objects.
async fn end(world: &World) -> (BTreeMap<String, Value>, usize) {
    let snapshot = world.files().into_iter().filter(|file| file.starts_with("snapshots/")).count();
    (world.contacts().await, snapshot)
}

#[tokio::test]
async fn ends_the_same_after_a_kill_in_a_mirror_run() {
    let mut expected = BTreeMap::new();
    for tags in ["inline", "endpoint"] {
        let undisturbed = world(tags).await;
        run(&undisturbed).await.exits(0);
        let end = end(&undisturbed).await;
        assert_eq!(end.1, 3, "the current list, the list before, and the object that names them");
        expected.insert(tags, end);
    }
    for (step, nth, tags) in STEPS {
        let world = world(tags).await;
        let kill = format!("{step}:{nth}");
        let call = world.call("run vip").scale(QUICK).env("OMNISEND_EXPORT_KILL", &kill);
        call.end().await.was_killed();
        run(&world).await.exits(0);
        let found = end(&world).await;
        assert!(found.0 == expected[tags].0, "{kill}, {tags}: Omnisend's contacts differ");
        assert_eq!(found.1, expected[tags].1, "{kill}, {tags}: objects of the snapshot");
        // The snapshot matches Omnisend.
        let before = world.requests().await.len();
        run(&world).await.exits(0).reports("skipped", [0, 0, 0]);
        assert_eq!(
            world.requests().await.len(),
            before,
            "{kill}, {tags}: a run without changes sent requests"
        );
    }
}
