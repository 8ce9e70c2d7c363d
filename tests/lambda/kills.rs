//! A process is killed at any moment of a run: the result is the same, and each kill sends at most one chunk twice.

use std::time::Duration;

use crate::{
    cloud::{environment::Outcome, events::notification, omnisend::KEY, people},
    world::{CHUNK, World},
};

const PEOPLE: u64 = 1_700;

/// The variable that makes a process kill itself.
const KILL: &str = "OMNISEND_EXPORT_KILL";

/// The steps of a plan, and how often a run of four chunks reaches each.
const OF_PLAN: [(&str, u64); 4] = [
    ("plan.object-written", 4),
    ("plan.before-manifest", 1),
    ("start.planned", 1),
    ("plan.half-enqueued", 1),
];

/// The steps of uploads and the settlement.
const OF_UPLOAD: [(&str, u64); 5] = [
    ("upload.posted", 5),
    ("upload.before-receipt", 3),
    ("upload.receipt", 3),
    ("settle.outcome", 4),
    ("settle.sent-again", 1),
];

async fn killed_at(label: &str, n: u64) {
    let kill = format!("{label}:{n}");
    let world = World::of_small_chunks().await;
    // Omnisend stops one batch, so that settling sends some contacts again.
    world.omnisend.fault("stopped_batch=60,method=POST,skip=11,count=1").await;
    let dropped = world.account.put("segments/vip/1.csv", people(0, PEOPLE)).await;
    let of_plan = OF_PLAN.iter().any(|(step, _)| *step == label);
    let killed = if of_plan { &world.planner } else { &world.uploader };
    killed.start_with(KILL, &kill);
    world.planner.deliver(&notification(&world.account.bucket, &dropped)).await.unwrap();
    world.drain().await;

    let died = killed
        .invocations()
        .iter()
        .filter(|invocation| matches!(invocation.outcome, Outcome::Died(_)))
        .count();
    assert_eq!(died, 1, "{kill}");
    world.holds(0..PEOPLE).await;
    let report = world.only_report("vip").await;
    assert_eq!(
        (report["state"].as_str(), report["counts"]["accepted"].as_u64()),
        (Some("succeeded"), Some(PEOPLE))
    );
    let sent_twice = world.omnisend.contacts_sent(KEY).await - PEOPLE;
    assert!(sent_twice <= CHUNK + 40, "{kill}: {sent_twice} contacts were sent twice");
}

#[tokio::test]
async fn ends_the_same_after_kills_at_ten_seeded_steps() {
    let seed = 20_261_123;
    let mut random = fastrand::Rng::with_seed(seed);
    let steps: Vec<_> = OF_PLAN.into_iter().chain(OF_UPLOAD).collect();
    // Every step once, and one step again.
    for step in 0..10 {
        let (label, times) = steps.get(step).copied().unwrap_or_else(|| steps[random.usize(..steps.len())]);
        killed_at(label, random.u64(1..=times)).await;
    }
}

#[tokio::test]
async fn ends_the_same_after_a_lambda_timeout() {
    let world = World::of_small_chunks().await;
    world.account.put("segments/vip/1.csv", people(0, PEOPLE)).await;
    world.start_vip().await;
    world.uploader.give_time(Duration::from_millis(1));
    world.drain().await;
    world.holds(0..PEOPLE).await;
    let first = world.uploader.invocations().swap_remove(0);
    assert_eq!(first.outcome, Outcome::TimedOut);
    assert_eq!(world.pump.waits(), 1);
    assert_eq!(world.omnisend.contacts_sent(KEY).await, PEOPLE);
}
