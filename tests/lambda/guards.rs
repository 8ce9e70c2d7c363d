//! Guards stop a run, whatever started it.

use serde_json::{Value, json};

use crate::{
    cloud::{
        events::{self, notification},
        people,
    },
    sweep::later,
    world::World,
};

/// Returns a segment in which a fifth of the rows is invalid.
fn with_bad_rows() -> String {
    people(0, 100) + &"nobody,Nobody\n".repeat(25)
}

fn guards(report: &Value) -> Vec<&str> {
    report["stopped"].as_array().unwrap().iter().map(|guard| guard["guard"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn too_many_rejects_stop_every_kind_of_run_unless_the_event_allows_it() {
    let world = World::new().await;
    world.export("acme", "vip", "schedule = true").await;
    let dropped = world.account.put("segments/vip/1.csv", with_bad_rows()).await;

    let swept = later(&world, 11).sweep_drops().await.unwrap();
    assert_eq!((swept.late_drops, swept.stopped), (1, 1));
    let started = world.planner.deliver(&events::scheduled("2026-11-23T06:00:00Z")).await.unwrap();
    assert_eq!(guards(&started["started"][0]), ["rejects"], "{started}");
    let newer = world.account.put("segments/vip/1.csv", with_bad_rows()).await;
    assert_ne!(newer.version, dropped.version);
    let started = world.planner.deliver(&notification(&world.account.bucket, &newer)).await.unwrap();
    assert_eq!(guards(&started["started"][0]), ["rejects"], "{started}");
    for mode in ["full", "changes"] {
        let run = json!({"action": "run", "export": "vip", "mode": mode});
        let report = world.answer(&run).await;
        assert_eq!((&report["state"], guards(&report)), (&json!("stopped"), vec!["rejects"]), "{report}");
        let message = report["message"].as_str().unwrap();
        assert!(message.contains("`\"allow\": [\"rejects\"]` in the event"), "{message}");
    }
    let other = json!({"action": "run", "export": "vip", "allow": ["shrink", "empty"]});
    assert_eq!(guards(&world.answer(&other).await), ["rejects"]);
    assert_eq!(world.omnisend.requests().await, 0);
    assert_eq!(world.account.messages().await, (0, 0));
    for run in world.runs("vip").await {
        assert_eq!(world.report("vip", &run).await["state"], "stopped");
    }

    let allowed = json!({"action": "run", "export": "vip", "allow": ["rejects"]});
    let run = world.answer(&allowed).await["run"].as_str().unwrap().to_owned();
    world.drain().await;
    world.holds(0..100).await;
    let report = world.report("vip", &run).await;
    assert_eq!((&report["state"], &report["allowed"]), (&json!("partial"), &json!(["rejects"])));
}

#[tokio::test]
async fn rejects_an_unknown_guard_with_a_suggestion() {
    let world = World::new().await;
    world.account.put("segments/vip/1.csv", people(0, 10)).await;
    let (_, message) = world.error(&json!({"action": "run", "export": "vip", "allow": ["shrnk"]})).await;
    assert!(message.contains("`shrnk` is not a guard; did you mean `shrink`?"), "{message}");
    assert!(world.runs("vip").await.is_empty());
}

#[tokio::test]
async fn a_shrunken_segment_stops_every_kind_of_run() {
    let world = World::new().await;
    world.export("acme", "vip", "schedule = true").await;
    let first = world.account.put("segments/vip/1.csv", people(0, 100)).await;
    world.planner.deliver(&notification(&world.account.bucket, &first)).await.unwrap();
    world.drain().await;
    let asked = world.omnisend.requests().await;

    world.account.put("segments/vip/2.csv", people(0, 10)).await;
    let swept = later(&world, 11).sweep_drops().await.unwrap();
    assert_eq!((swept.late_drops, swept.stopped), (1, 1));
    let started = world.planner.deliver(&events::scheduled("2026-11-23T06:00:00Z")).await.unwrap();
    assert_eq!(guards(&started["started"][0]), ["shrink"], "{started}");
    let newer = world.account.put("segments/vip/3.csv", people(0, 10)).await;
    let started = world.planner.deliver(&notification(&world.account.bucket, &newer)).await.unwrap();
    assert_eq!(guards(&started["started"][0]), ["shrink"], "{started}");
    for (mode, by) in
        [("full", vec!["shrink"]), ("changes", vec!["shrink"]), ("mirror", vec!["shrink", "removals"])]
    {
        let run = json!({"action": "run", "export": "vip", "mode": mode});
        assert_eq!(guards(&world.answer(&run).await), by, "{mode}");
    }
    assert_eq!(world.omnisend.requests().await, asked);

    let allowed = json!({"action": "run", "export": "vip", "mode": "full", "allow": ["shrink"]});
    let run = world.answer(&allowed).await["run"].as_str().unwrap().to_owned();
    world.drain().await;
    assert_eq!(world.report("vip", &run).await["counts"]["accepted"], 10);
    world.holds(0..100).await;
}
