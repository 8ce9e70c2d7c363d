//! The canary and tag changes in invocations that reach their deadline, and what `connect` reports.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    cloud::{Options, environment::Outcome, omnisend::KEY, people},
    proxy::{Effect, Exchange},
    world::{CHUNK, World, watched},
};

const CONNECTION: &str = "connections/acme.toml";
const FINDINGS: &str = "findings/acme.json";

/// Enough time for some requests and for writing the receipt.
const LITTLE: Duration = Duration::from_secs(17);

/// Returns a world whose Omnisend replaces tags in an upsert, with this `tags` line in the connection. One contact has
/// foreign tags.
async fn world(tags_line: &str) -> World {
    let scale = ("OMNISEND_EXPORT_SCALE", format!("chunk:{CHUNK},wait:25"));
    let options = Options { replaces_tags: true, variables: vec![scale], ..Options::default() };
    let world = World::with(options).await;
    let text = String::from_utf8(world.account.get(CONNECTION).await).unwrap();
    world.account.put(CONNECTION, text.replace("tags = \"inline\"", tags_line)).await;
    world.omnisend.seed(&json!([{ "email": "person.0@example.com", "tags": ["a", "b"] }])).await;
    world
}

async fn tags(world: &World, person: u64) -> Vec<String> {
    let contact = world.omnisend.contacts(KEY).await[&format!("person.{person}@example.com")].clone();
    let mut tags: Vec<String> = serde_json::from_value(contact["tags"].clone()).unwrap();
    tags.sort();
    tags
}

async fn succeeded_with_all_tags(world: &World, people: u64) {
    let report = world.only_report("vip").await;
    assert_eq!((&report["state"], &report["counts"]["accepted"]), (&json!("succeeded"), &json!(people)));
    assert_eq!(report["tags"]["added_to"], people);
    assert_eq!(tags(world, 0).await, ["a", "b", "segment: vip"]);
    for person in 1..people {
        assert_eq!(tags(world, person).await, ["segment: vip"]);
    }
}

fn found(findings: &[u8]) -> (Value, Value) {
    let found: Value = serde_json::from_slice(findings).unwrap();
    (found["tags"]["way"].clone(), found["canary"].clone())
}

#[tokio::test]
async fn resumes_a_canary_that_reached_its_deadline() {
    let world = world("").await;
    world.account.put("segments/vip/1.csv", people(0, 3)).await;
    world.start_vip().await;
    // Omnisend accepts one change of tags per second, and a canary makes several.
    world.uploader.give_time(LITTLE);
    world.drain().await;
    assert!(!world.logged("releasing the message").is_empty());
    succeeded_with_all_tags(&world, 3).await;
    assert_eq!(found(&world.account.get(FINDINGS).await), (json!("endpoint"), Value::Null));
}

#[tokio::test]
async fn restores_the_tags_after_a_kill_in_a_canary() {
    for step in ["canary.intent", "canary.probed", "canary.put-back", "canary.before-finding"] {
        let world = world("").await;
        world.account.put("segments/vip/1.csv", people(0, 3)).await;
        world.uploader.start_with("OMNISEND_EXPORT_KILL", &format!("{step}:1"));
        world.start_vip().await;
        world.drain().await;
        let died = world
            .uploader
            .invocations()
            .iter()
            .filter(|invocation| matches!(invocation.outcome, Outcome::Died(_)))
            .count();
        assert_eq!(died, 1, "{step}");
        succeeded_with_all_tags(&world, 3).await;
        assert_eq!(found(&world.account.get(FINDINGS).await), (json!("endpoint"), Value::Null), "{step}");
    }
}

#[tokio::test]
async fn changes_tags_over_several_invocations() {
    let world = world("tags = \"endpoint\"").await;
    world.account.put("segments/vip/1.csv", people(0, 1_300)).await;
    world.start_vip().await;
    for _ in 0..3 {
        world.uploader.give_time(Duration::from_secs(100));
    }
    for _ in 0..4 {
        world.uploader.give_time(LITTLE);
    }
    world.drain().await;
    assert!(world.logged("releasing the message").len() >= 2, "the settlement was not handed back");
    assert_eq!(world.pump.waits(), 0, "a message that was handed back was not released");
    succeeded_with_all_tags(&world, 1_300).await;
    assert_eq!(world.only_report("vip").await["requests"]["tags"], 6);
    assert_eq!(world.omnisend.contacts_sent(KEY).await, 1_300);
}

#[tokio::test]
async fn connect_reports_the_permissions_and_the_bucket() {
    let world = World::new().await;
    let connect = json!({"action": "connect", "connection": "acme"});
    let tested = world.answer(&connect).await;
    assert_eq!((&tested["brand"], &tested["conditional_writes"]), (&json!("Sandbox store"), &json!(true)));
    let permissions = tested["permissions"].as_array().unwrap();
    assert!(
        permissions.len() == 4 && permissions.iter().all(|permission| permission["allowed"] == true),
        "{tested}"
    );
    assert_eq!((&tested["tags"]["way"], &tested["tags"]["forced"]), (&json!("inline"), &json!(true)));

    // A store that ignores conditional writes.
    let proxy = watched(&world.uploader).await;
    let forget = |request: &mut Exchange| request.headers.retain(|(name, _)| name != "if-none-match");
    let ignored = Effect::Edit { request: Box::new(forget), answer: Box::new(|_| {}) };
    proxy.spoil(2, |request| request.is("PUT", ".probe"), ignored);
    assert_eq!(world.answer(&connect).await["conditional_writes"], false);
    assert!(world.omnisend.contacts(KEY).await.is_empty());
}
