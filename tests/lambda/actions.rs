//! Manual actions.

use serde_json::json;

use crate::{
    cloud::{Options, omnisend::KEY, people},
    world::{FAST, World},
};

#[tokio::test]
async fn a_dry_run_returns_its_report_without_a_request_or_an_api_key() {
    let world = World::empty(Options { requests_per_minute: FAST, ..Options::default() }).await;
    world.connection("acme", 400, KEY).await;
    // No secret has this name: reading it would fail.
    let connection = String::from_utf8(world.account.get("connections/acme.toml").await).unwrap();
    world.account.put("connections/acme.toml", connection.replace("omnisend/", "omnisend/none/")).await;
    world.export("acme", "vip", "").await;
    world.account.put("segments/vip/1.csv", people(0, 1_234)).await;

    let run = json!({"action": "run", "export": "vip", "mode": "full", "dry_run": true});
    let report = world.answer(&run).await;
    assert_eq!(report["state"], "succeeded", "{report}");
    assert_eq!((&report["counts"]["read"], &report["counts"]["sent"]), (&json!(1_234), &json!(1_234)));
    let forecast = &report["dry_run"];
    assert_eq!((&forecast["batches"], &forecast["seconds"]), (&json!(13), &json!(3)), "{forecast}");
    assert_eq!(forecast["first_contacts"][0]["firstName"], "A•••");
    assert_eq!(world.omnisend.requests().await, 0);
    assert_eq!(world.account.messages().await, (0, 0));
    let run = report["run"].as_str().unwrap();
    assert_eq!(world.report("vip", run).await, report);
    assert!(world.account.keys(&format!("runs/vip/{run}/chunks/")).await.is_empty());

    let shown = json!({"action": "run", "export": "vip", "dry_run": true, "show_values": true});
    assert_eq!(world.answer(&shown).await["dry_run"]["first_contacts"][0]["firstName"], "Ada 0");
}

#[tokio::test]
async fn runs_an_export_once_per_request() {
    let world = World::new().await;
    world.account.put("segments/vip/1.csv", people(0, 300)).await;
    let run = json!({"action": "run", "export": "vip", "mode": "full", "request": "monday"});
    let first = world.answer(&run).await;
    assert_eq!((&first["planned"]["sent"], &first["chunks"]), (&json!(300), &json!(1)), "{first}");
    assert_eq!(world.answer(&run).await["run"], first["run"]);
    world.drain().await;
    assert_eq!(world.answer(&run).await["run"], first["run"], "the same request after the run is over");
    world.drain().await;
    world.holds(0..300).await;
    assert_eq!(world.omnisend.contacts_sent(KEY).await, 300);
    assert_eq!(world.only_report("vip").await["state"], "succeeded");
    // Without an ID of its own, every request is a new one.
    assert_ne!(json!(world.start_vip().await), first["run"]);
}

#[tokio::test]
async fn an_action_that_fails_says_why() {
    let world = World::new().await;
    for (event, expected) in [
        (json!({"action": "run", "export": "vip"}), "no segment file at segments/vip/; put one there"),
        (json!({"action": "run", "export": "vpi"}), "vip"),
        (json!({"action": "connect", "connection": "acem"}), "connections/acem.toml"),
        (
            json!({"action": "status", "export": "vip", "run": "20261123t101500z-1"}),
            "has no run 20261123t101500z-1",
        ),
        (
            json!({"action": "cancel", "export": "vip", "run": "20261123t101500z-1"}),
            "has no run 20261123t101500z-1",
        ),
        (
            json!({"action": "replay", "export": "vip", "run": "20261123t101500z-1"}),
            "has no run 20261123t101500z-1",
        ),
    ] {
        let (kind, message) = world.error(&event).await;
        assert_eq!(kind, "NotHandled", "{event}");
        assert!(message.contains(expected), "{event}: {message}");
    }
}

#[tokio::test]
async fn connect_tests_a_connection_with_its_key() {
    let world = World::new().await;
    let connect = json!({"action": "connect", "connection": "acme"});
    let answer = world.answer(&connect).await;
    assert_eq!((&answer["display_name"], &answer["brand"]), (&json!("acme"), &json!("Sandbox store")));
    assert_eq!(answer["requests_per_minute"], FAST);
    world.omnisend.rotate_key(KEY, "key-2").await;
    let (_, message) = world.error(&connect).await;
    assert!(message.contains("401"), "{message}");
    world.account.secret(&world.secret_of("acme"), "key-2").await;
    assert_eq!(world.answer(&connect).await, answer);
}

#[tokio::test]
async fn status_shows_a_run_that_is_canceled() {
    let world = World::of_small_chunks().await;
    world.account.put("segments/vip/1.csv", people(0, 1_200)).await;
    let status = json!({"action": "status", "export": "vip"});
    assert_eq!(world.answer(&status).await, json!({"export": "vip", "runs": []}));
    let run = world.start_vip().await;
    let shown = world.answer(&status).await["runs"][0].clone();
    assert_eq!((&shown["run"], &shown["state"]), (&json!(run), &json!("running")), "{shown}");
    assert_eq!((&shown["chunks"], &shown["chunks_sent"]), (&json!(3), &json!(0)));

    let of_run = json!({"action": "status", "export": "vip", "run": run});
    assert_eq!(world.answer(&of_run).await["runs"], json!([shown]));

    let cancel = json!({"action": "cancel", "export": "vip", "run": run});
    assert_eq!(world.answer(&cancel).await["canceled"]["run"], run.as_str());
    assert_eq!(world.answer(&status).await["runs"][0]["state"], "canceling");
    world.drain().await;
    world.holds(0..0).await;
    let shown = world.answer(&status).await["runs"][0].clone();
    assert_eq!(
        (&shown["state"], &shown["counts"]["unknown"]),
        (&json!("canceled"), &json!(1_200)),
        "{shown}"
    );
    assert_eq!(world.report("vip", &run).await["not_sent"], 1_200);
}

#[tokio::test]
async fn replay_resumes_a_parked_run() {
    let world = World::of_small_chunks().await;
    world.account.put("segments/vip/1.csv", people(0, 1_200)).await;
    world.omnisend.fault("status=403,method=POST,path=/batches,skip=7,count=1").await;
    let run = world.start_vip().await;
    world.drain().await;
    let status = json!({"action": "status", "export": "vip"});
    let shown = world.answer(&status).await["runs"][0].clone();
    assert_eq!(shown["state"], "parked", "{shown}");
    assert!(shown["why"].as_str().unwrap().contains("403"), "{shown}");
    assert_eq!(world.account.messages().await, (0, 0), "its messages are still delivered");
    let swept = world.answer(&json!({"action": "sweep", "part": "runs"})).await;
    assert_eq!(swept["parked"], 1, "{swept}");
    assert_eq!(world.logged("\"ParkedRuns\":1").len(), 1);

    let replay = json!({"action": "replay", "export": "vip", "run": run});
    assert_eq!(world.answer(&replay).await["resumed"]["run"], run.as_str());
    assert!(world.error(&replay).await.1.contains("it is not over"));
    world.drain().await;
    world.holds(0..1_200).await;
    assert_eq!(world.omnisend.contacts_sent(KEY).await, 1_200, "contacts were sent again");
    assert_eq!(world.answer(&status).await["runs"][0]["state"], "succeeded");
}
