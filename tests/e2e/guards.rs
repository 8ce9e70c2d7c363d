//! A guard stops a run before its first request. Only `--allow` with the guard's own name lets a run pass.

use crate::harness::{EXPORT, Ran, Segment, World, address, options};

/// Returns a segment with valid people and invalid rows.
fn with_bad_rows(people: u64, bad: u64) -> Segment {
    let mut text = String::from_utf8(Segment::people(people).bytes).unwrap();
    text.extend((0..bad).map(|n| format!("nobody {n},Nobody\n")));
    Segment::clean(text, people + bad).with(bad, 0)
}

/// Writes the export with this line above its tables.
fn write_export_with(world: &World, line: &str) {
    world.write("exports/acme/vip.toml", format!("{line}\n{EXPORT}"));
}

#[track_caller]
fn names(ran: &Ran) -> Vec<&str> {
    let stopped = ran.report()["stopped"].as_array();
    stopped.into_iter().flatten().map(|guard| guard["guard"].as_str().unwrap()).collect()
}

/// Fails unless this guard stops the run in every mode and in a dry run, without a request to Omnisend.
async fn stops_every_kind_of_run(world: &World, by: &str, to_send: u64) {
    let others = ["empty", "shrink", "removals", "rejects", "max-profiles", "growth"];
    let others = others.into_iter().filter(|name| *name != by).map(|name| format!(" --allow {name}"));
    let others: String = others.collect();
    for more in ["", " --mode full", " --mode changes", " --dry-run", &others] {
        let ran = world.call(&format!("run vip{more}")).end().await;
        ran.exits(1).reports("stopped", [0, 0, to_send]);
        assert_eq!(names(&ran), [by], "{more}");
        let advice = format!("omnisend-export run vip --allow {by}`");
        assert!(ran.stdout.contains(&advice), "{advice:?} is not in\n{}", ran.stdout);
    }
    assert_eq!(world.requests().await.len(), 0, "a stopped run sent requests");
}

#[tokio::test]
async fn too_many_invalid_rows_stop_a_run_unless_the_guard_is_allowed() {
    let world = World::with(options(), with_bad_rows(200, 23)).await;
    stops_every_kind_of_run(&world, "rejects", 200).await;
    let ran = world.call("run vip --allow rejects").end().await;
    ran.exits(3).reports("partial", [200, 0, 0]);
    assert_eq!(ran.report()["allowed"], serde_json::json!(["rejects"]));
    assert!(ran.stdout.contains("guards allowed for this run: rejects"), "{}", ran.stdout);
    world.call("run vip").end().await.exits(1).reports("stopped", [0, 0, 200]);
}

#[tokio::test]
async fn an_empty_source_stops_a_run_unless_the_guard_is_allowed() {
    let world = World::with(options(), Segment::clean("EMail,FirstName\n", 0)).await;
    stops_every_kind_of_run(&world, "empty", 0).await;
    world.call("run vip --allow empty").end().await.exits(0).reports("skipped", [0, 0, 0]);
}

#[tokio::test]
async fn too_many_profiles_stop_a_run_unless_the_guard_is_allowed() {
    let world = World::of_people(120).await;
    write_export_with(&world, "max_profiles = 29");
    stops_every_kind_of_run(&world, "max-profiles", 30).await;
    world.call("run vip --allow max-profiles").end().await.exits(0).reports("succeeded", [120, 0, 0]);
}

/// Returns a world whose export has run once, and whose segment has been replaced since.
async fn after(people: u64, segment: Segment) -> World {
    let world = World::of_people(people).await;
    world.call("run vip").end().await.exits(0);
    world.segment(segment);
    world
}

/// Runs the export, which must be stopped without a request to Omnisend. Returns the guards that stopped it.
async fn stopped(world: &World, arguments: &str) -> Vec<String> {
    let before = world.requests().await.len();
    let ran = world.call(&format!("run vip {arguments}")).end().await;
    assert_eq!(ran.exits(1).report()["state"], "stopped");
    assert_eq!(world.requests().await.len(), before, "a stopped run sent requests");
    names(&ran).into_iter().map(str::to_owned).collect()
}

async fn tagged(world: &World) -> usize {
    let contacts = world.contacts().await;
    contacts.values().filter(|contact| contact["tags"] == serde_json::json!(["segment: VIP"])).count()
}

#[tokio::test]
async fn a_shrunken_segment_stops_a_run_in_every_mode() {
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
    // From now on, the segment counts with its new size.
    world.call("run vip").end().await.exits(0).reports("succeeded", [90, 0, 0]);
}

#[tokio::test]
async fn a_segment_that_grew_too_much_stops_a_run_in_every_mode() {
    let world = after(30, Segment::people(151)).await;
    for mode in ["", "--mode full", "--mode changes", "--mode mirror", "--dry-run"] {
        assert_eq!(stopped(&world, mode).await, ["growth"], "{mode}");
    }
    world.call("run vip --allow growth").end().await.exits(0).reports("succeeded", [151, 0, 0]);
}

#[tokio::test]
async fn too_many_removals_stop_a_run_unless_the_guard_is_allowed() {
    let world = after(200, Segment::people(170)).await;
    for more in ["--mode mirror", "--mode mirror --dry-run", "--mode mirror --allow shrink --allow empty"] {
        assert_eq!(stopped(&world, more).await, ["removals"], "{more}");
    }
    world.call("run vip --mode mirror --allow removals").end().await.exits(0);
    assert_eq!(tagged(&world).await, 170);
}

#[tokio::test]
async fn an_emptied_segment_loses_its_tags_only_if_two_guards_are_allowed() {
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
async fn overlapping_unchanged_segments_stop_no_run() {
    let twice = Segment { rows: 120, duplicate: 60, ..Segment::people(60) };
    let world = World::with(options(), twice).await;
    let more = "\n[[segments]]\nname = \"Same\"\npath = \"segments/vip/\"\n[fields]";
    world.write("exports/acme/vip.toml", EXPORT.replace("[fields]", more));
    for mode in ["full", "changes", "mirror"] {
        world.call(&format!("run vip --mode {mode}")).end().await.exits(0);
    }
}

#[tokio::test]
async fn validate_and_reports_list_guards_that_are_off() {
    let world = World::with(options(), with_bad_rows(20, 40)).await;
    world.write(
        "exports/acme/vip.toml",
        EXPORT.replace("[fields]", "[guards]\nrejects_percent = \"off\"\n[fields]"),
    );
    let validated = world.call("validate").end().await;
    assert!(validated.stdout.contains("guards that are off: rejects"), "{}", validated.stdout);
    let ran = world.call("run vip --dry-run").end().await;
    ran.exits(3).reports("partial", [0, 0, 20]);
    assert!(ran.stdout.contains("guards off in the export: rejects"), "{}", ran.stdout);
    world.call("run vip").end().await.exits(3).reports("partial", [20, 0, 0]);
}

#[tokio::test]
async fn a_few_invalid_rows_of_a_small_segment_stop_no_run() {
    let world = World::with(options(), with_bad_rows(5, 19)).await;
    world.call("run vip").end().await.exits(3).reports("partial", [5, 0, 0]);
    assert!(world.contacts().await.contains_key(&address(4)));
}

#[tokio::test]
async fn rejects_an_unknown_guard_with_a_suggestion() {
    let world = World::of_people(3).await;
    let ran = world.call("run vip --allow shrnk").end().await;
    ran.exits(2).says(&["invalid value 'shrnk'", "'shrink'", "max-profiles"]);
}
