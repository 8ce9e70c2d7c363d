//! `cancel` stops a run from another terminal, and settles a run that no process is working on.

use serde_json::{Value, json};

use crate::harness::{FAST, World};

/// Returns a world in which a run takes a few seconds.
async fn slow() -> World {
    let world = World::of_people(9_000).await;
    world.connection("acme", 600);
    world
}

#[tokio::test]
async fn cancels_a_run_from_another_terminal_and_reports_what_was_sent() {
    let world = slow().await;
    let arrived = world.fault("delay=1,method=POST,path=/batches,skip=5,count=1").await;
    let running = world.call("run vip").scale("chunk:1500,wait:20").start();
    world.happened(arrived).await;
    let canceled = world.call("cancel vip").end().await;
    canceled.exits(0).says(&["is canceled", "it stops within seconds and writes the report"]);

    let ran = running.end().await;
    let report = ran.exits(1).report().clone();
    assert_eq!(report["state"], "canceled", "{report:#}");
    let accepted = report["counts"]["accepted"].as_u64().unwrap();
    assert_eq!(accepted, world.contacts_sent().await, "the report does not count what arrived");
    assert!((500..9_000).contains(&accepted), "{accepted}");
    assert_eq!(report["not_sent"], json!(9_000 - accepted));
    assert!(ran.stdout.contains("the run was canceled; what was sent before that stays"), "{}", ran.stdout);

    world.call("cancel vip").end().await.exits(2).says(&["export `vip` has no unfinished run"]);
    let run = report["run"].as_str().unwrap();
    let again = world.call(&format!("cancel vip {run}")).end().await;
    again.exits(2).says(&["is over, so it cannot be canceled"]);
    // The next run is a new one.
    world.connection("acme", FAST);
    world.call("run vip").end().await.exits(0).reports("succeeded", [9_000, 0, 0]);
}

#[tokio::test]
async fn cancel_settles_a_run_that_no_process_is_working_on() {
    let world = slow().await;
    let arrived = world.fault("delay=1,method=POST,path=/batches,skip=5,count=1").await;
    let running = world.call("run vip").scale("chunk:1500,wait:20").start();
    world.happened(arrived).await;
    running.signal("INT").await;
    running.end().await.exits(1);
    let status = world.call("status vip --json").without_key().end().await;
    let status: Value = serde_json::from_str(&status.exits(0).stdout).unwrap();
    assert_eq!(status["runs"][0]["state"], "running", "{status:#}");

    let canceled = world.call("cancel vip").end().await;
    let report = canceled.exits(0).report().clone();
    assert_eq!(report["state"], "canceled", "{report:#}");
    assert_eq!(report["counts"]["accepted"], world.contacts_sent().await);
    let status = world.call("status vip").without_key().end().await;
    let shown = format!("canceled  9000 read, 9000 to send: {} accepted", world.contacts_sent().await);
    assert!(status.exits(0).stdout.contains(&shown), "{}", status.stdout);
    assert!(status.stdout.contains("the run was canceled"), "{}", status.stdout);
}

#[tokio::test]
async fn cancels_a_run_that_sent_nothing_without_an_api_key() {
    let world = World::of_people(300).await;
    world.fault("status=403,method=POST,path=/batches").await;
    world.call("run vip").end().await.exits(1).reports("failed", [0, 0, 300]);
    let parked = world.call("status vip").without_key().end().await;
    assert!(parked.exits(0).stdout.contains("  parked  300 read"), "{}", parked.stdout);
    let asked = world.requests().await.len();
    let canceled = world.call("cancel vip").without_key().end().await;
    canceled.exits(0).reports("canceled", [0, 0, 300]);
    assert_eq!(world.requests().await.len(), asked, "requests were sent although there is nothing to settle");
}

#[tokio::test]
async fn an_export_that_never_ran_has_no_status_and_nothing_to_cancel() {
    let world = World::of_people(3).await;
    world.call("cancel vip").end().await.exits(2).says(&["export `vip` has no unfinished run"]);
    let status = world.call("status vip").without_key().end().await;
    assert_eq!(status.exits(0).stdout.trim(), "export `vip` has no run");
    world
        .call("status vip 20261123t101500z-1")
        .end()
        .await
        .exits(2)
        .says(&["export `vip` has no run 20261123t101500z-1"]);
    assert_eq!(world.requests().await.len(), 0);
}
