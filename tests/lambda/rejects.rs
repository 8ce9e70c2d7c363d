//! Rejects: files of many megabytes, and corrected files that come back.

use serde_json::json;

use crate::{
    cloud::{
        Options,
        events::{notification, object_created},
        people,
    },
    moto::moto,
    proxy::Proxy,
    world::{FAST, World},
};

/// Invalid rows. Each takes about 180 bytes of the NDJSON file.
const INVALID: u64 = 60_000;

#[tokio::test]
async fn writes_large_rejects_in_parts_and_completely() {
    let proxy = Proxy::start(moto().address(), &[]).await;
    let endpoint = ("AWS_ENDPOINT_URL", format!("http://{}", proxy.address()));
    let options = Options { requests_per_minute: FAST, variables: vec![endpoint], ..Options::default() };
    let world = World::with(options).await;
    let invalid: Vec<String> = (0..INVALID).map(|n| format!("no address {n},Ada {n}\n")).collect();
    world.account.put("segments/vip/1.csv", people(0, 10) + &invalid.concat()).await;
    // Without `allow`, a guard would stop this run.
    let event = json!({"action": "run", "export": "vip", "allow": ["rejects"]});
    let run = world.answer(&event).await["run"].as_str().unwrap().to_owned();
    world.drain().await;
    world.holds(0..10).await;

    let counts = world.report("vip", &run).await["counts"].clone();
    assert_eq!(
        (&counts["read"], &counts["invalid"], &counts["accepted"]),
        (&json!(INVALID + 10), &json!(INVALID), &json!(10))
    );
    let part = |request: &crate::proxy::Exchange| {
        request.is("PUT", "rejects.ndjson") && request.is("PUT", "partNumber")
    };
    assert!(proxy.seen(part).len() > 1, "it is not written in parts");
    for (name, header) in [("rejects.ndjson", 0), ("rejects.csv", 1)] {
        let text = String::from_utf8(world.account.get(&format!("runs/vip/{run}/{name}")).await).unwrap();
        let rows = usize::try_from(INVALID).unwrap() + header;
        assert_eq!(text.lines().count(), rows, "{name}");
        assert!(text.lines().next_back().unwrap().contains(&format!("no address {}", INVALID - 1)), "{name}");
    }
}

/// Runs an export with twelve rows, one of them invalid and one rejected by Omnisend. Returns the run and its rejects.
async fn with_rejects(world: &World) -> (String, String) {
    world.omnisend.fault("refuse_item=person.3@example.com,count=1").await;
    world.account.put("segments/vip/1.csv", people(0, 11) + "no address,Ada 11\n").await;
    let run = world.start_vip().await;
    world.drain().await;
    let counts = world.report("vip", &run).await["counts"].clone();
    assert_eq!((&counts["invalid"], &counts["rejected"]), (&json!(1), &json!(1)), "{counts}");
    let text = world.account.get(&format!("runs/vip/{run}/rejects.csv")).await;
    (run, String::from_utf8(text).unwrap())
}

#[tokio::test]
async fn sends_dropped_corrections_and_does_not_take_them_for_a_segment() {
    let world = World::new().await;
    let vip = String::from_utf8(world.account.get("exports/acme/vip.toml").await).unwrap();
    world.account.put("exports/acme/vip.toml", vip.replace("\"full\"", "\"mirror\"")).await;
    let (run, rejects) = with_rejects(&world).await;
    let corrected = rejects.replace("no address", "person.11@example.com");
    let dropped = world.account.put("segments/vip/rejects (corrected).csv", corrected).await;
    for event in [notification, object_created] {
        let answer = world.answer(&event(&world.account.bucket, &dropped)).await;
        assert_eq!(answer["started"][0]["planned"]["read"], 2, "{answer}");
    }
    world.drain().await;
    world.holds(0..12).await;
    let runs = world.runs("vip").await;
    assert_eq!(runs.len(), 2, "the same event twice is one run: {runs:?}");
    let corrections = runs.iter().find(|other| **other != run).unwrap();
    let report = world.report("vip", corrections).await;
    assert_eq!((&report["corrects"], &report["state"]), (&json!(run), &json!("succeeded")));
    assert_eq!(report["counts"]["accepted"], 2);

    // The segment's newest file is still the first one.
    let again = world.start_vip().await;
    world.drain().await;
    let report = world.report("vip", &again).await;
    assert_eq!(report["source"][0]["object"], "segments/vip/1.csv");
    let swept = world.answer(&json!({"action": "sweep", "part": "drops"})).await;
    assert_eq!((&swept["late_drops"], &swept["failed"]), (&json!(0), &json!(0)), "{swept}");
}

#[tokio::test]
async fn sends_corrections_with_the_export_they_belong_to() {
    let world = World::new().await;
    let (run, rejects) = with_rejects(&world).await;
    let vip = String::from_utf8(world.account.get("exports/acme/vip.toml").await).unwrap();
    world.account.put("exports/acme/all.toml", vip.replace("name = \"vip\"", "name = \"all\"")).await;
    let dropped =
        world.account.put("segments/vip/2.csv", rejects.replace("no address", "person.11@example.com")).await;
    let answer = world.answer(&notification(&world.account.bucket, &dropped)).await;
    assert_eq!(answer["started"].as_array().map(Vec::len), Some(1), "{answer}");
    assert_eq!(answer["started"][0]["export"], "vip");
    world.drain().await;
    world.holds(0..12).await;
    assert!(world.runs("all").await.is_empty());

    let unnamed = world.account.put("segments/vip/3.csv", rejects.replace(&format!("vip/{run}"), "")).await;
    let (kind, message) = world.error(&notification(&world.account.bucket, &unnamed)).await;
    assert_eq!(kind, "ExportsNotStarted");
    assert!(
        message.contains("segments/vip/3.csv holds rejects, but no row names a run in `reject_run`"),
        "{message}"
    );
}

#[tokio::test]
async fn a_replay_sends_rejected_contacts_again_or_a_corrected_file() {
    let world = World::new().await;
    let (run, rejects) = with_rejects(&world).await;
    let file = "segments/corrected.csv";
    world.account.put(file, rejects.replace("no address", "person.11@example.com")).await;
    let replay = json!({"action": "replay", "export": "vip", "run": run, "request": "1"});
    for _ in 0..2 {
        let answer = world.answer(&replay).await;
        assert_eq!(
            (&answer["planned"]["sent"], &answer["replays"]["run"]),
            (&json!(1), &json!(run)),
            "{answer}"
        );
    }
    world.drain().await;
    world.holds(0..11).await;
    assert_eq!(world.runs("vip").await.len(), 2, "the same request twice is one run");

    let with_file = json!({"action": "replay", "export": "vip", "run": run, "file": file});
    let answer = world.answer(&with_file).await;
    assert_eq!(answer["planned"]["read"], 2, "{answer}");
    world.drain().await;
    world.holds(0..12).await;
    let again = json!({"action": "replay", "export": "vip", "run": run, "request": "2"});
    let (_, message) = world.error(&again).await;
    assert!(message.contains("is newer; run the export instead"), "{message}");
}
