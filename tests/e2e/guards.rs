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
    assert!(ran.stdout.contains("guards let through this once: rejects"), "{}", ran.stdout);
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
