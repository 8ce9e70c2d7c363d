//! Answers in the shapes of older versions, which this one may have too: `null` for what is empty, and `{"error": …}` for
//! errors, in the items of batches too. The results are the same.

use omnisend_sandbox::{Options, TagMode};
use serde_json::{Value, json};

use crate::harness::{EXPORT, FAST, KEY, Ran, Segment, World, address, options};

fn older() -> Options {
    Options { empty_as_null: true, older_errors: true, tags_per_minute: FAST, ..options() }
}

async fn run(world: &World) -> Ran {
    world.call("run vip").scale("chunk:300,pace:1000,wait:25").end().await
}

/// The outcome, code, words and count of each reason in a report.
fn reasons(ran: &Ran) -> Vec<Value> {
    let reasons = ran.report()["reasons"].as_array().unwrap().iter();
    reasons.map(|r| json!([r["outcome"], r["code"], r["reason"], r["count"]])).collect()
}

#[tokio::test]
async fn sends_everybody_and_creates_the_segment() {
    for (tag_mode, way) in [(TagMode::Add, "inline"), (TagMode::Replace, "endpoint")] {
        for seeds in [json!([]), json!([{ "email": address(0), "tags": [] }])] {
            let world = World::with(Options { tag_mode, ..older() }, Segment::people(250)).await;
            world.connection_with("acme", FAST, "");
            world.write(
                "exports/acme/vip.toml",
                EXPORT.replace("[[segments]]", "create_segment = true\n[[segments]]"),
            );
            world.seed(&seeds).await;
            let ran = run(&world).await;
            ran.exits(0).reports("succeeded", [250, 0, 0]);
            assert_eq!(ran.report()["segments"][0]["state"], "created");
            let found: Value = serde_json::from_str(&world.read("findings/acme.json")).unwrap();
            assert_eq!((&found["tags"]["way"], &found["tags"]["certain"]), (&json!(way), &json!(true)));
            let contacts = world.contacts().await;
            assert!(contacts.values().all(|contact| contact["tags"] == json!(["segment: VIP"])), "{way}");
        }
    }
}

#[tokio::test]
async fn counts_refused_contacts_with_their_reasons() {
    let world = World::with(older(), Segment::people(250)).await;
    world.fault(&format!("refuse_item={},message=is on the list", address(7))).await;
    world.fault(&format!("refuse_item={},message=is on the list,response_code=422", address(249))).await;
    let ran = run(&world).await;
    ran.exits(3).reports("partial", [248, 2, 0]);
    let text = "is on the list; identifiers[0].id is on the list";
    assert_eq!(reasons(&ran), [json!(["rejected", "400", text, 1]), json!(["rejected", "422", text, 1])]);
}

#[tokio::test]
async fn halts_the_run_early_at_a_full_subscription() {
    let world = World::with(Options { plan_limit: Some(100), ..older() }, Segment::people(10_000)).await;
    let ran = run(&world).await;
    let report = ran.exits(3).reports("partial", [100, 200, 9_700]).report();
    assert_eq!(report["not_sent"], json!(9_700));
    let message = report["message"].as_str().unwrap();
    let start = "Omnisend refuses contacts because of the brand's subscription: The brand's plan holds no more contacts \
                 (402). The run was halted";
    assert!(message.starts_with(start), "{message}");
    let requests = world.requests().await.len();
    assert!(requests <= 12, "{requests} requests");
}

#[tokio::test]
async fn a_missing_permission_names_the_published_scopes() {
    let world = World::with(Options { api_key: Some(KEY.to_owned()), ..older() }, Segment::people(3)).await;
    world.fault("status=403,path=/batches").await;
    let ran = run(&world).await;
    let message = ran.report()["message"].as_str().unwrap().to_owned();
    let end = "Omnisend answered 403: This is a fault of the sandbox.; the API key lacks a permission: it needs the scopes \
               contacts.read, contacts.write and brands.read, and for segments also segments.read and segments.write";
    assert!(message.contains(end), "{message}");
}
