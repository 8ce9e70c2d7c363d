//! Ctrl-C stops at a safe place, or at once if it is pressed twice. The next call resumes the run.

use crate::harness::{Ran, Segment, World, address, holds, options};

/// Returns a world that sends a request every 100 ms, so that a run can be stopped in the middle.
async fn slow(people: u64) -> World {
    let world = World::with(options(), Segment::people(people)).await;
    world.connection("acme", 600);
    world
}

/// Interrupts a run while its fifth batch is in flight.
async fn interrupted(world: &World, call: &str) -> Ran {
    let held = world.fault("delay=400,method=POST,skip=4,count=1").await;
    let mut running = world.call(call).start();
    world.happened(held).await;
    running.signal("INT").await;
    running.says("stopping at a safe place; press Ctrl-C again to stop at once").await;
    let ran = running.end().await;
    ran.exits(1)
        .says(&["was interrupted; the state keeps what was sent. To resume it: omnisend-export run vip"]);
    assert_eq!(ran.report, None);
    ran
}

#[tokio::test]
async fn resumes_an_interrupted_run_and_sends_nothing_twice() {
    let world = slow(1_000).await;
    interrupted(&world, "run vip").await;
    let before = world.contacts_sent().await;
    assert!((500..1_000).contains(&before), "{before} contacts were sent before the interruption");

    let ran = world.call("run vip").end().await;
    ran.exits(0).says(&["resuming run vip/", "which was interrupted"]).reports("succeeded", [1_000, 0, 0]);
    assert_eq!(world.contacts_sent().await, 1_000, "contacts were sent more than once");
    assert_eq!(world.reports().len(), 1);
    holds(&world.contacts().await, (0..1_000).map(address));
}

#[tokio::test]
async fn the_suggested_command_resumes_a_run_in_another_mode_too() {
    let world = slow(1_000).await;
    let export = world.read("exports/acme/vip.toml").replace("mode = \"full\"\n", "");
    world.write("exports/acme/vip.toml", export);
    let ran = interrupted(&world, "run vip --mode full").await;
    let advice =
        ran.stderr.lines().find_map(|line| line.split_once("To resume it: omnisend-export ")).unwrap().1;
    world.call(advice).end().await.exits(0).says(&["resuming run vip/"]);
    assert_eq!(world.contacts_sent().await, 1_000, "contacts were sent more than once");
}

#[tokio::test]
async fn a_dry_run_in_between_does_not_affect_the_interrupted_run() {
    let world = slow(1_000).await;
    interrupted(&world, "run vip").await;
    world.call("run vip --dry-run").end().await.exits(0);
    world.call("run vip").end().await.exits(0).says(&["resuming run vip/"]);
    assert_eq!(world.contacts_sent().await, 1_000, "contacts were sent more than once");
}

#[tokio::test]
async fn starts_a_new_run_and_reports_the_interrupted_one_if_the_segment_changed() {
    let world = slow(1_000).await;
    interrupted(&world, "run vip").await;
    let before = world.contacts_sent().await;
    world.segment(Segment::people(200));
    let ran = world.call("run vip").end().await;
    ran.exits(0)
        .says(&["the segment file or the export has changed since"])
        .reports("succeeded", [200, 0, 0]);
    assert_eq!(world.contacts_sent().await, before + 200);
    let mut states: Vec<_> = world
        .reports()
        .into_values()
        .map(|report| {
            (report["state"].clone(), report["counts"]["accepted"].as_u64(), report["not_sent"].as_u64())
        })
        .collect();
    states.sort_by_key(|state| state.1);
    assert_eq!(
        states,
        [("succeeded".into(), Some(200), Some(0)), ("canceled".into(), Some(before), Some(1_000 - before))]
    );
}

#[tokio::test]
async fn ctrl_c_twice_stops_at_once_and_repeats_at_most_one_chunk() {
    let world = slow(600).await;
    let held = world.fault("hang,method=POST,skip=2,count=1").await;
    let mut running = world.call("run vip").start();
    world.happened(held).await;
    running.signal("INT").await;
    running.says("press Ctrl-C again").await;
    running.signal("INT").await;
    running.end().await.exits(1);
    world.call("run vip").end().await.exits(0).reports("succeeded", [600, 0, 0]);
    let sent_contacts = world.contacts_sent().await;
    assert!(
        (600..=1_200).contains(&sent_contacts),
        "{sent_contacts} contacts were sent: more than one chunk twice"
    );
    holds(&world.contacts().await, (0..600).map(address));
}

#[tokio::test]
async fn an_interruption_during_settling_sends_nothing_again() {
    let world = World::of_people(200).await;
    world.fault("stuck_batch,count=1").await;
    let mut running = world.call("run vip").start();
    running.says("settling: Omnisend is processing").await;
    running.signal("INT").await;
    running.end().await.exits(1).says(&["was interrupted; the state keeps what was sent"]);
    let ran = world.call("run vip --give-up-after 1s").end().await;
    ran.exits(3).reports("partial", [100, 0, 100]);
    assert_eq!(world.contacts_sent().await, 200, "contacts were sent again");
}
