//! A guard stops a run before its first request, and only its own name lets one through.

use crate::harness::{EXPORT, Ran, Segment, World, address, options};

/// People, and rows that make none.
fn with_bad_rows(people: u64, bad: u64) -> Segment {
    let mut text = String::from_utf8(Segment::people(people).bytes).unwrap();
    text.extend((0..bad).map(|n| format!("nobody {n},Nobody\n")));
    Segment::clean(text, people + bad).with(bad, 0)
}

/// An export that says this too, above its tables.
fn with(world: &World, said: &str) {
    world.write("exports/acme/vip.toml", format!("{said}\n{EXPORT}"));
}

#[track_caller]
fn names(ran: &Ran) -> Vec<&str> {
    let stopped = ran.report()["stopped"].as_array();
    stopped.into_iter().flatten().map(|guard| guard["guard"].as_str().unwrap()).collect()
}

/// Whatever the mode, and in a dry run too: the run is stopped by this guard, and asks nobody anything.
async fn is_stopped(world: &World, by: &str, to_send: u64) {
    let others = ["empty", "shrink", "removals", "rejects", "max-profiles", "growth"];
    let others = others.into_iter().filter(|name| *name != by).map(|name| format!(" --allow {name}"));
    let others: String = others.collect();
    for more in ["", " --mode full", " --mode changes", " --dry-run", &others] {
        let ran = world.call(&format!("run vip{more}")).end().await;
        ran.exits(1).reports("stopped", [0, 0, to_send]);
        assert_eq!(names(&ran), [by], "{more}");
        let way = format!("omnisend-export run vip --allow {by}`");
        assert!(ran.stdout.contains(&way), "{way:?} is not in\n{}", ran.stdout);
    }
    assert_eq!(world.requests().await.len(), 0, "a guard stops a run before its first request");
}

#[tokio::test]
async fn too_many_rejects_stop_it_and_their_name_lets_one_run_through() {
    let world = World::with(options(), with_bad_rows(200, 23)).await;
    is_stopped(&world, "rejects", 200).await;
    let ran = world.call("run vip --allow rejects").end().await;
    ran.exits(3).reports("partial", [200, 0, 0]);
    assert_eq!(ran.report()["allowed"], serde_json::json!(["rejects"]));
    assert!(ran.stdout.contains("guards allowed for this run: rejects"), "{}", ran.stdout);
    world.call("run vip").end().await.exits(1).reports("stopped", [0, 0, 200]);
}

#[tokio::test]
async fn an_empty_source_stops_it_and_its_name_lets_one_run_through() {
    let world = World::with(options(), Segment::clean("EMail,FirstName\n", 0)).await;
    is_stopped(&world, "empty", 0).await;
    world.call("run vip --allow empty").end().await.exits(0).reports("skipped", [0, 0, 0]);
}

#[tokio::test]
async fn too_many_profiles_stop_it_and_their_name_has_all_of_them_read() {
    let world = World::of_people(120).await;
    with(&world, "max_profiles = 29");
    is_stopped(&world, "max-profiles", 30).await;
    world.call("run vip --allow max-profiles").end().await.exits(0).reports("succeeded", [120, 0, 0]);
}

/// A world whose export ran once, and whose segment is another one now.
async fn after(people: u64, segment: Segment) -> World {
    let world = World::of_people(people).await;
    world.call("run vip").end().await.exits(0);
    world.segment(segment);
    world
}

/// The guards that stop a run in this mode, which asks nobody anything.
async fn stopped(world: &World, arguments: &str) -> Vec<String> {
    let asked = world.requests().await.len();
    let ran = world.call(&format!("run vip {arguments}")).end().await;
    assert_eq!(ran.exits(1).report()["state"], "stopped");
    assert_eq!(world.requests().await.len(), asked, "a guard stops a run before its first request");
    names(&ran).into_iter().map(str::to_owned).collect()
}

async fn tagged(world: &World) -> usize {
    let contacts = world.contacts().await;
    contacts.values().filter(|contact| contact["tags"] == serde_json::json!(["segment: VIP"])).count()
}

#[tokio::test]
async fn a_segment_that_shrank_is_stopped_in_every_mode() {
    let world = after(200, Segment::people(90)).await;
    for mode in ["", "--mode full", "--mode changes", "--dry-run"] {
        assert_eq!(stopped(&world, mode).await, ["shrink"], "{mode}");
    }
    assert_eq!(stopped(&world, "--mode mirror").await, ["shrink", "removals"]);
    assert_eq!(stopped(&world, "--mode mirror --allow shrink").await, ["removals"]);
    assert_eq!(stopped(&world, "--mode mirror --allow removals --allow growth").await, ["shrink"]);
    assert_eq!(tagged(&world).await, 200);
    let ran = world.call("run vip --mode changes --allow shrink").end().await;
    ran.exits(0).reports("skipped", [0, 0, 0]);
    // It is what it is from now on.
    world.call("run vip").end().await.exits(0).reports("succeeded", [90, 0, 0]);
}

#[tokio::test]
async fn a_segment_that_grew_is_stopped_in_every_mode() {
    let world = after(30, Segment::people(151)).await;
    for mode in ["", "--mode full", "--mode changes", "--mode mirror", "--dry-run"] {
        assert_eq!(stopped(&world, mode).await, ["growth"], "{mode}");
    }
    world.call("run vip --allow growth").end().await.exits(0).reports("succeeded", [151, 0, 0]);
}

#[tokio::test]
async fn too_many_removals_stop_it_and_their_name_lets_one_run_through() {
    let world = after(200, Segment::people(170)).await;
    for more in ["--mode mirror", "--mode mirror --dry-run", "--mode mirror --allow shrink --allow empty"] {
        assert_eq!(stopped(&world, more).await, ["removals"], "{more}");
    }
    world.call("run vip --mode mirror --allow removals").end().await.exits(0);
    assert_eq!(tagged(&world).await, 170);
}

#[tokio::test]
async fn an_emptied_segment_loses_its_tags_only_by_two_names() {
    for people in [5, 60] {
        let world = after(people, Segment::clean("EMail,FirstName\n", 0)).await;
        assert_eq!(stopped(&world, "--mode mirror").await, ["empty", "removals"]);
        assert_eq!(stopped(&world, "--mode mirror --allow empty").await, ["removals"]);
        assert_eq!(stopped(&world, "--mode mirror --allow removals").await, ["empty"]);
        assert_eq!(tagged(&world).await, usize::try_from(people).unwrap());
        world.call("run vip --mode mirror --allow empty --allow removals").end().await.exits(0);
        assert_eq!((tagged(&world).await, world.contacts().await.len() as u64), (0, people));
    }
}

#[tokio::test]
async fn segments_that_overlap_and_stay_as_they_are_stop_nothing() {
    let twice = Segment { rows: 120, duplicate: 60, ..Segment::people(60) };
    let world = World::with(options(), twice).await;
    let more = "\n[[segments]]\nname = \"Same\"\npath = \"segments/vip/\"\n[fields]";
    world.write("exports/acme/vip.toml", EXPORT.replace("[fields]", more));
    for mode in ["full", "changes", "mirror"] {
        world.call(&format!("run vip --mode {mode}")).end().await.exits(0);
    }
}

#[tokio::test]
async fn a_guard_that_is_off_is_said_to_be() {
    let world = World::with(options(), with_bad_rows(20, 40)).await;
    world.write(
        "exports/acme/vip.toml",
        EXPORT.replace("[fields]", "[guards]\nrejects_percent = \"off\"\n[fields]"),
    );
    let said = world.call("validate").end().await;
    assert!(said.stdout.contains("guards that are off: rejects"), "{}", said.stdout);
    let ran = world.call("run vip --dry-run").end().await;
    ran.exits(3).reports("partial", [0, 0, 20]);
    assert!(ran.stdout.contains("guards off in the export: rejects"), "{}", ran.stdout);
    world.call("run vip").end().await.exits(3).reports("partial", [20, 0, 0]);
}

#[tokio::test]
async fn a_few_bad_rows_of_few_stop_nothing() {
    let world = World::with(options(), with_bad_rows(5, 19)).await;
    world.call("run vip").end().await.exits(3).reports("partial", [5, 0, 0]);
    assert!(world.contacts().await.contains_key(&address(4)));
}

#[tokio::test]
async fn a_name_that_is_no_guards_is_refused_with_the_nearest() {
    let world = World::of_people(3).await;
    let ran = world.call("run vip --allow shrnk").end().await;
    ran.exits(2).says(&["invalid value 'shrnk'", "'shrink'", "max-profiles"]);
}
