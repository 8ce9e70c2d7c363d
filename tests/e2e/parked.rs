//! If the API cannot be reached or does not answer, requests are retried for a while; then the run is parked, and a
//! later call resumes it.

use crate::harness::{World, address, holds};

/// The usual number of retries with short waits.
const SHORT_WAITS: &str = "wait:500";

#[tokio::test]
async fn a_temporary_failure_costs_only_time() {
    for fault in
        ["status=503,count=5", "status=500,html,count=3", "reset,count=4", "status=502,when=after,count=2"]
    {
        let world = World::of_people(400).await;
        world.fault(fault).await;
        let ran = world.call("run vip").scale(SHORT_WAITS).end().await;
        ran.exits(0).reports("succeeded", [400, 0, 0]);
        holds(&world.contacts().await, (0..400).map(address));
    }
}

#[tokio::test]
async fn a_lasting_failure_parks_the_run_and_a_later_call_finishes_it() {
    for (fault, reason) in [("status=503", "it answered 503"), ("reset", "the connection broke")] {
        let world = World::of_people(1_000).await;
        world.connection("acme", 6_000);
        world.fault(&format!("{fault},method=POST,skip=5")).await;
        let ran = world.call("run vip").scale(SHORT_WAITS).end().await;
        ran.exits(1);
        let report = ran.report();
        assert_eq!(report["state"], "failed");
        assert_eq!((&report["counts"]["accepted"], &report["not_sent"]), (&500.into(), &500.into()));
        let message = report["message"].as_str().unwrap();
        for part in ["after 10 attempts", reason, "try again later"] {
            assert!(message.contains(part), "{part:?} is not in {message}");
        }
        world.no_faults().await;
        world.call("run vip").end().await.exits(0).reports("succeeded", [1_000, 0, 0]);
        assert_eq!(world.contacts_sent().await, 1_000, "contacts were sent more than once");
        holds(&world.contacts().await, (0..1_000).map(address));
    }
}

#[tokio::test]
async fn a_parked_run_that_is_killed_while_it_resumes_is_resumed_again() {
    let world = World::of_people(1_000).await;
    world.connection("acme", 600);
    world.fault("status=403,method=POST,skip=3,count=40").await;
    world.call("run vip").end().await.exits(1).reports("failed", [300, 0, 700]);
    world.no_faults().await;
    let held = world.fault("hang,method=POST,skip=2,count=1").await;
    let running = world.call("run vip").start();
    world.happened(held).await;
    running.signal("KILL").await;
    running.end().await.was_killed();
    let ran = world.call("run vip").end().await;
    ran.exits(0).says(&["resuming run vip/"]).reports("succeeded", [1_000, 0, 0]);
    assert_eq!(world.reports().len(), 1, "the parked run was forgotten");
    let sent_contacts = world.contacts_sent().await;
    assert!(sent_contacts <= 2_000, "{sent_contacts} contacts were sent for one kill");
}

#[tokio::test]
async fn an_api_that_does_not_listen_parks_the_run() {
    let world = World::of_people(50).await;
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = format!("http://{closed}/api");
    let ran = world.call("run vip").env("OMNISEND_API_URL", &url).scale(SHORT_WAITS).end().await;
    ran.exits(1).reports("failed", [0, 0, 50]);
    let message = ran.report()["message"].as_str().unwrap();
    assert!(message.contains("could not connect") && message.contains("try again later"), "{message}");
    world.call("run vip").end().await.exits(0).reports("succeeded", [50, 0, 0]);
}

#[tokio::test]
async fn a_canceled_run_stops_and_reports_what_was_sent() {
    let world = World::of_people(2_000).await;
    world.connection("acme", 600);
    let held = world.fault("delay=1500,method=POST,skip=3,count=1").await;
    let running = world.call("run vip").scale("chunk:1000,wait:50").start();
    world.happened(held).await;
    let manifest = world.run_files().into_iter().find(|file| file.ends_with("/manifest.json")).unwrap();
    world.write(&manifest.replace("manifest.json", "canceled"), "");
    let ran = running.end().await;
    ran.exits(1);
    let (report, sent_contacts) = (ran.report(), world.contacts_sent().await);
    assert_eq!(report["state"], "canceled");
    assert!((400..1_000).contains(&sent_contacts), "{sent_contacts} contacts were sent");
    assert_eq!(report["counts"]["accepted"].as_u64(), Some(sent_contacts));
    assert_eq!(report["not_sent"].as_u64(), Some(2_000 - sent_contacts));
    world.call("run vip").end().await.exits(0).reports("succeeded", [2_000, 0, 0]);
    assert_eq!(world.contacts_sent().await, sent_contacts + 2_000, "the canceled run was resumed");
}
