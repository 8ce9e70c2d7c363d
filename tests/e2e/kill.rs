//! Killed anywhere and run again: the same contacts as of an undisturbed run, and at most one chunk sent twice.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::harness::{Segment, World, address, holds, options};

const PEOPLE: u64 = 2_600;
const CHUNK: u64 = 500;
const CHUNKED: &str = "chunk:500";

/// Every step at which a run can be killed, and how often it is reached.
const STEPS: [(&str, u64); 8] = [
    ("plan.object-written", 6),
    ("plan.before-manifest", 1),
    ("plan.half-enqueued", 1),
    ("upload.posted", 26),
    ("upload.before-receipt", 6),
    ("upload.receipt", 6),
    ("settle.outcome", 6),
    ("settle.sent-again", 1),
];

async fn undisturbed() -> BTreeMap<String, Value> {
    let world = World::of_people(PEOPLE).await;
    world.call("run vip").scale(CHUNKED).end().await.exits(0).reports("succeeded", [PEOPLE, 0, 0]);
    assert_eq!(world.taken().await, PEOPLE);
    world.contacts().await
}

/// A world whose segment takes six chunks. One of its batches is stopped, so that settling sends some again.
async fn world() -> World {
    let world = World::with(options(), Segment::people(PEOPLE)).await;
    world.fault("stopped_batch=60,method=POST,skip=11,count=1").await;
    world
}

/// What settling sends again of the stopped batch, where it is the whole of its contacts that are sent again.
const STOPPED: u64 = 40;

/// Runs until it is over, and gives how many calls that took.
async fn run_to_its_end(world: &World) -> u64 {
    for call in 1..=3 {
        let ran = world.call("run vip").scale(CHUNKED).end().await;
        if ran.code == Some(0) {
            ran.reports("succeeded", [PEOPLE, 0, 0]);
            return call;
        }
    }
    panic!("the run does not end");
}

fn same(found: &BTreeMap<String, Value>, expected: &BTreeMap<String, Value>, label: &str) {
    assert_eq!(found.len(), expected.len(), "{label}: contacts");
    for (email, contact) in expected {
        assert_eq!(found.get(email), Some(contact), "{label}");
    }
}

#[tokio::test]
async fn killed_at_every_step_and_run_again_nothing_differs() {
    let expected = undisturbed().await;
    let mut random = fastrand::Rng::with_seed(2026);
    for (step, times) in STEPS {
        let kill = format!("{step}:{}", random.u64(1..=times));
        let world = world().await;
        let ran = world.call("run vip").scale(CHUNKED).env("OMNISEND_EXPORT_KILL", &kill).end().await;
        ran.was_killed();
        assert_eq!(run_to_its_end(&world).await, 1, "{kill}");
        same(&world.contacts().await, &expected, &kill);
        let taken = world.taken().await;
        assert!(taken <= PEOPLE + STOPPED + CHUNK, "{kill}: {} contacts were sent twice", taken - PEOPLE);
        let manifests = world.run_files().into_iter().filter(|file| file.ends_with("/manifest.json")).count();
        assert_eq!(manifests, 1, "{kill}: more runs than one");
    }
}

#[tokio::test]
async fn killed_ten_times_in_a_row_and_run_again_nothing_differs() {
    let expected = undisturbed().await;
    let mut random = fastrand::Rng::with_seed(1815);
    let world = world().await;
    let (mut kills, mut calls) = (0, 0);
    while kills < 10 {
        let (step, times) = STEPS[random.usize(..STEPS.len())];
        let kill = format!("{step}:{}", random.u64(1..=times.min(7)));
        let ran = world.call("run vip").scale(CHUNKED).env("OMNISEND_EXPORT_KILL", &kill).end().await;
        // Where the step is not reached any more, the run ends, and the next call begins another.
        if ran.signal.is_none() {
            ran.exits(0).reports("succeeded", [PEOPLE, 0, 0]);
        } else {
            ran.was_killed();
            kills += 1;
        }
        calls += 1;
        assert!(calls < 40, "{kills} kills in {calls} calls");
    }
    run_to_its_end(&world).await;
    same(&world.contacts().await, &expected, "after ten kills");
    let (runs, taken) = (world.reports().len() as u64, world.taken().await);
    let twice = taken - runs * PEOPLE;
    assert!(twice <= STOPPED + kills * CHUNK, "{twice} contacts were sent twice by {runs} runs");
}

#[tokio::test]
async fn killed_from_outside_while_a_batch_is_on_its_way() {
    let expected = undisturbed().await;
    for (fault, skip) in [("hang", 0), ("hang", 13), ("hang,when=after", 7), ("hang,when=after", 25)] {
        let world = World::of_people(PEOPLE).await;
        let held = world.fault(&format!("{fault},method=POST,skip={skip},count=1")).await;
        let running = world.call("run vip").scale(CHUNKED).start();
        world.fallen(held).await;
        running.signal("KILL").await;
        running.end().await.was_killed();
        assert_eq!(run_to_its_end(&world).await, 1, "{fault} {skip}");
        same(&world.contacts().await, &expected, fault);
        let taken = world.taken().await;
        assert!(taken <= PEOPLE + CHUNK, "{fault} {skip}: {} contacts were sent twice", taken - PEOPLE);
        holds(&world.contacts().await, (0..PEOPLE).map(address));
    }
}
