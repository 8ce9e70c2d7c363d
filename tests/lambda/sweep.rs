//! The sweep finds forgotten runs and late drops, and resumes or starts their runs.
//!
//! S3 sets the objects' times, and its clock cannot be changed. So the sweep runs in this process, with a clock that is
//! ahead; the real functions do everything else.

use std::{sync::Arc, time::Duration};

use jiff::SignedDuration;
use omnisend_export::{
    app::{App, Swept},
    ports::clock::{Clock as _, SimulatedClock, SystemClock},
    stage::{Quiet, settle::Limits},
};
use serde_json::{Value, json};

use crate::{
    cloud::{account::Dropped, events::notification, omnisend::KEY, people},
    world::World,
};

/// Returns the application of a world, some minutes later.
pub(crate) fn later(world: &World, minutes: i64) -> App {
    let clock = SimulatedClock::starting(SystemClock.now() + SignedDuration::from_mins(minutes));
    let ports = world.account.ports(Arc::new(clock));
    let limits = Limits { give_up_after: SignedDuration::from_hours(1), poll_for: Some(Duration::ZERO) };
    App::new(ports, world.omnisend.url().parse().unwrap(), Arc::new(Quiet), limits)
}

#[tokio::test]
async fn resumes_a_run_that_died_between_its_plan_and_its_messages() {
    for label in ["start.planned", "plan.half-enqueued"] {
        let world = World::of_small_chunks().await;
        world.account.put("segments/vip/1.csv", people(0, 1_200)).await;
        world.planner.start_with("OMNISEND_EXPORT_KILL", &format!("{label}:1"));
        world.planner.invoke(&json!({"action": "run", "export": "vip"})).await;
        let runs = world.runs("vip").await;
        assert_eq!(runs.len(), 1, "{label}");

        assert_eq!(
            later(&world, 9).sweep_runs().await.unwrap(),
            Swept::default(),
            "its plan may be sending the messages now"
        );
        let swept = later(&world, 11).sweep_runs().await.unwrap();
        assert_eq!(swept, Swept { resumed: 1, ..Swept::default() }, "{label}");
        world.drain().await;
        world.holds(0..1_200).await;
        assert_eq!(world.omnisend.contacts_sent(KEY).await, 1_200, "{label}");
        assert_eq!(world.only_report("vip").await["state"], "succeeded");
        assert_eq!(later(&world, 30).sweep_runs().await.unwrap(), Swept::default(), "the run is over");
    }
}

#[tokio::test]
async fn settles_slow_batches_later() {
    let world = World::of_small_chunks().await;
    world.account.put("segments/vip/1.csv", people(0, 1_200)).await;
    world.omnisend.fault("stuck_batch,method=POST,skip=4,count=1").await;
    let run = world.start_vip().await;
    // The settlement has no time to poll, so the sweep must settle again.
    for _ in 0..3 {
        world.uploader.give_time(Duration::from_secs(100));
    }
    world.uploader.give_time(Duration::from_secs(16));
    world.drain().await;
    assert_eq!(world.logged("the sweep settles again").len(), 1);
    assert!(world.account.keys(&format!("runs/vip/{run}/report.json")).await.is_empty());

    assert_eq!(later(&world, 3).sweep_runs().await.unwrap(), Swept::default());
    assert_eq!(later(&world, 5).sweep_runs().await.unwrap(), Swept { settling: 1, ..Swept::default() });
    // After an hour, contacts that Omnisend has not processed are unknown.
    let late = later(&world, 62);
    let work = serde_json::from_value(json!({"export": "vip", "run": run, "step": "settle"})).unwrap();
    late.handle(&work, &tokio_util::sync::CancellationToken::new(), None).await.unwrap();
    world.drain().await;
    let report = world.report("vip", &run).await;
    assert_eq!(
        (&report["state"], &report["counts"]["unknown"]),
        (&json!("partial"), &json!(100)),
        "{report}"
    );
    assert_eq!(world.account.messages().await, (0, 0));
}

/// Drops a file whose time in S3, in whole seconds, is later than that of the exports' files.
async fn drop_after_the_exports(world: &World, key: &str, segment: &str) -> Dropped {
    let written = world.account.put("segments/nobody/now", "").await;
    loop {
        let dropped = world.account.put(key, segment).await;
        if dropped.at > written.at {
            return dropped;
        }
    }
}

#[tokio::test]
async fn runs_only_the_drop_whose_event_was_lost() {
    let world = World::new().await;
    world.export("acme", "daily", "").await;
    let seen = drop_after_the_exports(&world, "segments/daily/1.csv", &people(0, 10)).await;
    world.planner.deliver(&notification(&world.account.bucket, &seen)).await.unwrap();
    world.drain().await;
    world.account.put("segments/vip/1.csv", people(100, 10)).await;

    assert_eq!(later(&world, 9).sweep_drops().await.unwrap(), Swept::default(), "its event may still come");
    let swept = later(&world, 11).sweep_drops().await.unwrap();
    assert_eq!(swept, Swept { late_drops: 1, ..Swept::default() });
    assert_eq!(later(&world, 16).sweep_drops().await.unwrap(), Swept::default(), "a run has read it now");
    world.drain().await;
    let late = world.only_report("vip").await;
    assert_eq!(late["counts"]["accepted"], 10);
    let trigger = late["trigger"].as_str().unwrap();
    let minutes = trigger.strip_prefix("a drop of segments/vip/1.csv, late: ").unwrap();
    assert_eq!(minutes, "11 minutes after it");
    let shown = world.answer(&json!({"action": "status", "export": "vip"})).await["runs"][0].clone();
    assert_eq!(shown["trigger"], trigger);
    let in_time = world.only_report("daily").await;
    assert_eq!(
        (&in_time["counts"]["accepted"], &in_time["trigger"]),
        (&json!(10), &json!("a drop of segments/daily/1.csv"))
    );
    assert_eq!(world.account.messages().await, (0, 0));
}

/// Returns the refused drop in the status of the export `vip`.
async fn refused(world: &World) -> Value {
    world.answer(&json!({"action": "status", "export": "vip"})).await["refused_drop"].clone()
}

#[tokio::test]
async fn tries_a_late_drop_that_cannot_be_run_three_times_and_shows_it() {
    let world = World::new().await;
    world.account.put("segments/vip/1.csv", "no,such,column\n1,2,3\n").await;
    assert_eq!(refused(&world).await, Value::Null);
    for minutes in [11, 16, 21] {
        let swept = later(&world, minutes).sweep_drops().await.unwrap();
        assert_eq!(swept, Swept { late_drops: 1, failed: 1, ..Swept::default() });
    }
    let given_up = Swept { refused_drops: 1, ..Swept::default() };
    assert_eq!(later(&world, 26).sweep_drops().await.unwrap(), given_up);
    let shown = refused(&world).await;
    assert_eq!(shown["what"], "a drop of segments/vip/1.csv", "{shown}");
    assert!(shown["why"].as_str().unwrap().contains("the columns do not fit the mapping"), "{shown}");
    // A manual run fails with the same reason.
    let (_, message) = world.error(&json!({"action": "run", "export": "vip"})).await;
    assert!(message.contains("the columns do not fit the mapping"), "{message}");

    // A new version is a new drop.
    world.account.put("segments/vip/1.csv", people(0, 10)).await;
    let late = Swept { late_drops: 1, ..Swept::default() };
    assert_eq!(later(&world, 31).sweep_drops().await.unwrap(), late);
    assert_eq!(later(&world, 36).sweep_drops().await.unwrap(), Swept::default());
    assert_eq!(refused(&world).await, Value::Null, "a later run sent the newer drop");
    world.drain().await;
    world.holds(0..10).await;
}

#[tokio::test]
async fn does_not_count_a_drop_that_was_refused_at_its_event_as_late() {
    let world = World::new().await;
    let dropped = world.account.put("segments/vip/1.csv", "no,such,column\n1,2,3\n").await;
    world.planner.deliver(&notification(&world.account.bucket, &dropped)).await.unwrap_err();
    let swept = later(&world, 11).sweep_drops().await.unwrap();
    assert_eq!(swept, Swept { refused_drops: 1, ..Swept::default() });
    assert_eq!(refused(&world).await["what"], "a drop of segments/vip/1.csv");
}

#[tokio::test]
async fn runs_a_drop_from_the_same_second_as_its_export_but_not_an_older_one() {
    let world = World::new().await;
    let dropped = loop {
        let older = world.account.put("segments/daily/1.csv", people(0, 10)).await;
        world.export("acme", "daily", "").await;
        if world.account.at("exports/acme/daily.toml").await > older.at {
            break world.account.put("segments/vip/1.csv", people(0, 10)).await;
        }
    };
    loop {
        world.export("acme", "vip", "").await;
        if world.account.at("exports/acme/vip.toml").await == dropped.at {
            break;
        }
        world.account.put("segments/vip/1.csv", people(0, 10)).await;
        if world.account.at("segments/vip/1.csv").await == world.account.at("exports/acme/vip.toml").await {
            break;
        }
    }
    let swept = later(&world, 11).sweep_drops().await.unwrap();
    assert_eq!(swept, Swept { late_drops: 1, ..Swept::default() });
    world.drain().await;
    world.holds(0..10).await;
    assert!(world.runs("daily").await.is_empty(), "a drop that is older than its export was run");
}

#[tokio::test]
async fn an_error_in_one_export_does_not_stop_the_sweep() {
    let world = World::new().await;
    world.export("acme", "all", "").await;
    world.export("acme", "broken", "modus = \"full\"").await;
    drop_after_the_exports(&world, "segments/all/1.csv", "no,such,column\n1,2,3\n").await;
    world.account.put("segments/vip/1.csv", people(0, 10)).await;
    let swept = later(&world, 11).sweep_drops().await.unwrap();
    assert_eq!(swept, Swept { late_drops: 2, failed: 2, ..Swept::default() });
    world.drain().await;

    let run =
        world.answer(&json!({"action": "run", "export": "vip"})).await["run"].as_str().unwrap().to_owned();
    world.account.put("runs/all/20261123t101500z-1/manifest.json", "{").await;
    world.account.put(&format!("runs/vip/{run}/enqueued.json"), "{}").await;
    let swept = later(&world, 61).sweep_runs().await.unwrap();
    assert_eq!(swept, Swept { resumed: 1, failed: 1, ..Swept::default() });
    world.drain().await;
    world.holds(0..10).await;
}

#[tokio::test]
async fn a_sweep_that_finds_nothing_reports_zeros() {
    let world = World::new().await;
    let nothing = json!({"resumed": 0, "settling": 0, "parked": 0, "late_drops": 0, "stopped": 0,
        "refused_drops": 0, "failed": 0});
    for part in ["runs", "drops"] {
        assert_eq!(world.answer(&json!({"action": "sweep", "part": part})).await, nothing);
    }
    assert_eq!(world.answer(&json!({"action": "sweep"})).await, nothing);
    for metric in ["\"LateDrops\":0", "\"RefusedDrops\":0"] {
        assert_eq!(world.logged(metric).len(), 2, "the alarms need a 0");
    }
    assert_eq!(world.logged("\"SweepFailures\":0").len(), 3);
    assert_eq!(world.logged("\"ParkedRuns\":0").len(), 2);
}
