//! Scheduled runs.

use serde_json::json;

use crate::{
    cloud::{
        events::{self, notification},
        omnisend::KEY,
        people,
    },
    world::{FAST, World},
};

#[tokio::test]
async fn a_schedule_runs_every_scheduled_export() {
    let world = World::new().await;
    world.connection("globex", FAST, "key-globex").await;
    world.export("acme", "daily", "schedule = true").await;
    world.export("globex", "all", "schedule = true").await;
    for (export, from) in [("vip", 0), ("daily", 100), ("all", 200)] {
        world.account.put(&format!("segments/{export}/1.csv"), people(from, 10)).await;
    }
    let event = events::scheduled("2026-11-23T06:00:00Z");
    let answer = world.planner.deliver(&event).await.unwrap();
    assert_eq!(answer["started"].as_array().map(Vec::len), Some(2), "{answer}");
    let metrics = world.logged("ScheduledRuns");
    assert_eq!(metrics.len(), 1);
    assert!(metrics[0].contains("\"ScheduledRuns\":2"), "{metrics:?}");
    // Scheduler may deliver an event twice: it starts the same runs.
    assert_eq!(
        world.planner.deliver(&event).await.unwrap()["started"][0]["run"],
        answer["started"][0]["run"]
    );
    world.drain().await;

    world.brand_holds(KEY, "daily", 100..110).await;
    world.brand_holds("key-globex", "all", 200..210).await;
    assert_eq!(world.account.messages().await, (0, 0));
    assert!(world.runs("vip").await.is_empty(), "an export without a schedule ran");
    for export in ["daily", "all"] {
        let runs = world.runs(export).await;
        assert_eq!(runs.len(), 1);
        assert!(
            runs[0].starts_with("20261123t060000z-"),
            "the run ID does not begin with the time of the schedule: {runs:?}"
        );
    }
}

#[tokio::test]
async fn an_export_that_cannot_run_does_not_stop_the_others() {
    let world = World::new().await;
    world.export("acme", "daily", "schedule = true").await;
    world.export("acme", "empty", "schedule = true").await;
    world.account.put("segments/daily/1.csv", people(0, 10)).await;
    let event = json!(events::scheduled("2026-11-23T06:00:00Z"));
    let failed = world.planner.deliver(&event).await.unwrap_err();
    let failed = format!("{failed:?}");
    assert!(failed.contains("1 of 2 exports could not be started"), "{failed}");
    assert!(failed.contains("export `empty`: no segment file at segments/empty/"), "{failed}");
    world.drain().await;
    world.brand_holds(KEY, "daily", 0..10).await;
    assert_eq!(world.runs("daily").await.len(), 1, "three attempts, one run");
}

#[tokio::test]
async fn an_invalid_file_does_not_stop_other_exports() {
    let world = World::new().await;
    world.export("acme", "daily", "schedule = true").await;
    world.export("globex", "orphan", "schedule = true").await;
    world.account.put("exports/acme/broken.toml", "modus = \"full\"").await;
    let dropped = world.account.put("segments/daily/1.csv", people(0, 10)).await;
    let started = world.planner.deliver(&notification(&world.account.bucket, &dropped)).await.unwrap();
    assert_eq!(started["started"].as_array().map(Vec::len), Some(1), "{started}");
    world.drain().await;
    world.brand_holds(KEY, "daily", 0..10).await;

    // This file may belong to the broken export.
    let dropped = world.account.put("segments/other/1.csv", people(0, 10)).await;
    let failed = world.planner.deliver(&notification(&world.account.bucket, &dropped)).await.unwrap_err();
    assert!(format!("{failed:?}").contains("exports/acme/broken.toml"), "{failed:?}");
    let failed = world.planner.deliver(&events::scheduled("2026-11-23T06:00:00Z")).await.unwrap_err();
    assert!(format!("{failed:?}").contains("exports/globex/orphan.toml"), "{failed:?}");
    world.drain().await;
    assert_eq!(world.runs("daily").await.len(), 2);
    assert_eq!(world.account.messages().await, (0, 0));
}

#[tokio::test]
async fn counts_a_run_that_a_guard_stopped_as_failed() {
    let world = World::new().await;
    let dropped = world.account.put("segments/vip/1.csv", people(0, 0)).await;
    let started = world.planner.deliver(&notification(&world.account.bucket, &dropped)).await.unwrap();
    assert_eq!(started["started"][0]["state"], "stopped", "{started}");
    assert_eq!(world.logged("\"FailedRuns\":1").len(), 1);
    world.drain().await;
    world.holds(0..0).await;
    assert_eq!(world.omnisend.requests().await, 0);
}

#[tokio::test]
async fn two_exports_with_one_name_stop_only_each_other() {
    let world = World::new().await;
    world.connection("globex", FAST, "key-globex").await;
    world.account.put("segments/vip/1.csv", people(0, 10)).await;
    let before = world.start_vip().await;
    world.export("globex", "vip", "schedule = true").await;
    for (owner, export) in [("acme", "daily"), ("globex", "all")] {
        world.export(owner, export, "schedule = true").await;
        world.account.put(&format!("segments/{export}/1.csv"), people(100, 10)).await;
    }
    // A run that was planned while the name was unique continues.
    world.drain().await;
    assert_eq!(world.report("vip", &before).await["state"], "succeeded");

    let expected = "several connections have an export `vip`: exports/acme/vip.toml and exports/globex/vip.toml; an \
                    export's name is unique across connections, so rename one";
    let dropped = world.account.put("segments/vip/2.csv", people(0, 10)).await;
    let failed = world.planner.deliver(&notification(&world.account.bucket, &dropped)).await.unwrap_err();
    assert!(format!("{failed:?}").contains(expected), "{failed:?}");
    let (_, message) = world.error(&json!({"action": "run", "export": "vip"})).await;
    assert!(message.contains(expected), "{message}");

    let dropped = world.account.put("segments/all/2.csv", people(100, 10)).await;
    let started = world.planner.deliver(&notification(&world.account.bucket, &dropped)).await.unwrap();
    assert_eq!(started["started"].as_array().map(Vec::len), Some(1), "{started}");
    let failed = world.planner.deliver(&events::scheduled("2026-11-23T06:00:00Z")).await.unwrap_err();
    let failed = format!("{failed:?}");
    assert!(failed.contains("1 of 3 exports could not be started"), "{failed}");
    assert!(
        failed.contains("exports/globex/vip.toml") && failed.contains("exports/acme/vip.toml"),
        "{failed}"
    );
    let swept = world.answer(&json!({"action": "sweep"})).await;
    assert_eq!((&swept["failed"], &swept["late_drops"]), (&json!(1), &json!(0)), "{swept}");
    assert_eq!(world.logged("\"SweepFailures\":1").len(), 1);

    world.drain().await;
    world.brand_holds("key-globex", "all", 100..110).await;
    assert_eq!(world.runs("vip").await.len(), 1);
    assert_eq!(world.runs("daily").await.len(), 1);
    assert_eq!(world.account.messages().await, (0, 0));
}
