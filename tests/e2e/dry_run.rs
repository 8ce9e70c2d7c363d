//! A dry run does everything but send.

use serde_json::{Value, json};

use crate::harness::{CANARY, Segment, World, address, options};

#[tokio::test]
async fn it_says_what_would_be_sent_and_asks_nobody() {
    let mut text = String::from_utf8(Segment::people(1_250).bytes).unwrap();
    text += "nobody,No Address\n";
    text += &(address(7) + ",Again\n");
    let world = World::with(options(), Segment::clean(text, 1_252).with(1, 1)).await;
    world.connection("acme", 400);
    let ran = world.call("run vip --dry-run").without_key().end().await;
    ran.exits(3).reports("partial", [0, 0, 1_250]);
    let forecast = &ran.report()["dry_run"];
    let first = |n: u64| {
        json!({
            "identifiers": [{ "type": "email", "id": address(n), "sendWelcomeMessage": false }],
            "firstName": format!("Person {n}"), "tags": ["segment: VIP"],
        })
    };
    assert_eq!(
        forecast,
        &json!({
            "batches": 13, "requests_per_minute": 400, "seconds": 2, "first_contacts": [first(0), first(1), first(2)],
        })
    );
    for said in [
        "dry run, nothing was sent",
        "1,250 to send",
        "a run now would post 13 batches in about 2s, at 400 requests a minute",
    ] {
        assert!(ran.stdout.contains(said), "{said:?} is not in\n{}", ran.stdout);
    }
    assert_eq!(world.requests().await, Vec::<Value>::new(), "a dry run asks nobody anything");
    let chunks: Vec<_> = world.run_files().into_iter().filter(|file| file.contains("/chunks/")).collect();
    assert_eq!(chunks, Vec::<String>::new(), "a dry run keeps no contacts");
}

#[tokio::test]
async fn a_dry_run_of_a_clean_file_exits_with_0_and_prints_json() {
    let world = World::of_people(3).await;
    let ran = world.call("run vip --dry-run --json").without_key().end().await;
    let printed: Value = serde_json::from_str(&ran.exits(0).stdout).unwrap();
    let written: Vec<Value> = world.reports().into_values().collect();
    assert_eq!(vec![printed.clone()], written);
    assert!(
        printed["dry_run"].to_string().contains(CANARY),
        "the first contacts are shown as they would be sent"
    );
    assert_eq!(world.requests().await.len(), 0);
}
