//! A run that is killed at any point and run again gives Omnisend the same contacts as an undisturbed run, and sends at
//! most one chunk twice.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::harness::{Segment, World, address, holds, options};

const PEOPLE: u64 = 2_600;
const CHUNK: u64 = 500;
const CHUNKED: &str = "chunk:500";

/// The steps at which a run can be killed, and how often a run reaches each.
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
    assert_eq!(world.contacts_sent().await, PEOPLE);
    world.contacts().await
}

/// Returns a world whose segment has six chunks. Omnisend stops one batch, so that settling sends some contacts again.
async fn world() -> World {
    let world = World::with(options(), Segment::people(PEOPLE)).await;
    world.fault("stopped_batch=60,method=POST,skip=11,count=1").await;
    world
}

/// How many contacts of the stopped batch are sent again.
const STOPPED: u64 = 40;

/// Runs the export until it succeeds, and returns how many calls that took.
async fn run_to_the_end(world: &World) -> u64 {
    for call in 1..=3 {
        let ran = world.call("run vip").scale(CHUNKED).end().await;
        if ran.code == Some(0) {
            ran.reports("succeeded", [PEOPLE, 0, 0]);
            return call;
        }
    }
    panic!("the run did not end in 3 calls");
}

fn same(found: &BTreeMap<String, Value>, expected: &BTreeMap<String, Value>, label: &str) {
    assert_eq!(found.len(), expected.len(), "{label}: contacts");
    for (email, contact) in expected {
        assert_eq!(found.get(email), Some(contact), "{label}");
    }
}

#[tokio::test]
async fn ends_the_same_after_a_kill_at_every_step() {
    let expected = undisturbed().await;
    let mut random = fastrand::Rng::with_seed(2026);
    for (step, times) in STEPS {
        let kill = format!("{step}:{}", random.u64(1..=times));
        let world = world().await;
        let ran = world.call("run vip").scale(CHUNKED).env("OMNISEND_EXPORT_KILL", &kill).end().await;
        ran.was_killed();
        assert_eq!(run_to_the_end(&world).await, 1, "{kill}");
        same(&world.contacts().await, &expected, &kill);
        let sent_contacts = world.contacts_sent().await;
        assert!(
            sent_contacts <= PEOPLE + STOPPED + CHUNK,
            "{kill}: {} contacts were sent twice",
            sent_contacts - PEOPLE
        );
        let manifests = world.run_files().into_iter().filter(|file| file.ends_with("/manifest.json")).count();
        assert_eq!(manifests, 1, "{kill}: runs");
    }
}

#[tokio::test]
async fn ends_the_same_after_ten_kills_in_a_row() {
    let expected = undisturbed().await;
    let mut random = fastrand::Rng::with_seed(1815);
    let world = world().await;
    let (mut kills, mut calls) = (0, 0);
    while kills < 10 {
        let (step, times) = STEPS[random.usize(..STEPS.len())];
        let kill = format!("{step}:{}", random.u64(1..=times.min(7)));
        let ran = world.call("run vip").scale(CHUNKED).env("OMNISEND_EXPORT_KILL", &kill).end().await;
        // If the run no longer reaches the step, it ends, and the next call starts another run.
        if ran.signal.is_none() {
            ran.exits(0).reports("succeeded", [PEOPLE, 0, 0]);
        } else {
            ran.was_killed();
            kills += 1;
        }
        calls += 1;
        assert!(calls < 40, "{kills} kills in {calls} calls");
    }
    run_to_the_end(&world).await;
    same(&world.contacts().await, &expected, "after ten kills");
    let (runs, sent_contacts) = (world.reports().len() as u64, world.contacts_sent().await);
    let twice = sent_contacts - runs * PEOPLE;
    assert!(twice <= STOPPED + kills * CHUNK, "{twice} contacts were sent twice by {runs} runs");
}

#[tokio::test]
async fn ends_the_same_after_a_kill_while_a_batch_is_in_flight() {
    let expected = undisturbed().await;
    for (fault, skip) in [("hang", 0), ("hang", 13), ("hang,when=after", 7), ("hang,when=after", 25)] {
        let world = World::of_people(PEOPLE).await;
        let held = world.fault(&format!("{fault},method=POST,skip={skip},count=1")).await;
        let running = world.call("run vip").scale(CHUNKED).start();
        world.happened(held).await;
        running.signal("KILL").await;
        running.end().await.was_killed();
        assert_eq!(run_to_the_end(&world).await, 1, "{fault} {skip}");
        same(&world.contacts().await, &expected, fault);
        let sent_contacts = world.contacts_sent().await;
        assert!(
            sent_contacts <= PEOPLE + CHUNK,
            "{fault} {skip}: {} contacts were sent twice",
            sent_contacts - PEOPLE
        );
        holds(&world.contacts().await, (0..PEOPLE).map(address));
    }
}
