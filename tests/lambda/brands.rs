//! Several brands: no brand waits for another, and no brand has two invocations at once. Also a brand whose key
//! changes.

use std::collections::BTreeMap;

use serde_json::json;
use tokio::join;

use crate::{
    cloud::{Options, function::Invocation, omnisend::KEY, people},
    world::{CHUNK, FAST, World},
};

const OTHER: &str = "key-globex";

fn group(invocation: &Invocation) -> Option<String> {
    let group = &invocation.event["Records"][0]["attributes"]["MessageGroupId"];
    group.as_str().map(str::to_owned)
}

/// Asserts that each brand's invocations ran one at a time, and returns them by brand.
fn one_at_a_time(world: &World) -> BTreeMap<String, Vec<Invocation>> {
    let mut by_group: BTreeMap<String, Vec<Invocation>> = BTreeMap::new();
    for invocation in world.uploader.invocations() {
        by_group.entry(group(&invocation).unwrap()).or_default().push(invocation);
    }
    for (group, invocations) in &mut by_group {
        invocations.sort_by_key(|invocation| invocation.began);
        for two in invocations.windows(2) {
            assert!(two[0].ended < two[1].began, "{group}: two invocations at once");
        }
    }
    by_group
}

#[tokio::test]
async fn a_waiting_brand_does_not_hold_up_another() {
    // The client waits 3 seconds for an answer that never comes.
    let scale = ("OMNISEND_EXPORT_SCALE", format!("chunk:{CHUNK},answer:10,wait:50"));
    let world = World::with(Options { variables: vec![scale], ..Options::default() }).await;
    world.connection("globex", FAST, OTHER).await;
    world.export("globex", "all", "").await;
    world.account.put("segments/vip/1.csv", people(0, 1_200)).await;
    world.account.put("segments/all/1.csv", people(5_000, 1_200)).await;

    let held = world.omnisend.fault("hang,method=POST,path=/batches,count=1").await;
    world.start_vip().await;
    let slow = world.drain();
    let quick = async {
        world.omnisend.happened(held).await;
        world.answer(&json!({"action": "run", "export": "all"})).await;
        world.drain().await;
    };
    join!(slow, quick);

    world.brand_holds(KEY, "vip", 0..1_200).await;
    world.brand_holds(OTHER, "all", 5_000..6_200).await;
    assert_eq!(world.account.messages().await, (0, 0));
    let by_brand = one_at_a_time(&world);
    let (acme, globex) = (&by_brand["acme"], &by_brand["globex"]);
    assert_eq!((acme.len(), globex.len()), (4, 4), "three chunks and a settlement each");
    let last = globex.iter().map(|invocation| invocation.ended).max().unwrap();
    assert!(last < acme[0].ended, "globex waited for the first message of acme");
}

#[tokio::test]
async fn two_exports_of_a_brand_take_turns() {
    let world = World::of_small_chunks().await;
    world.export("acme", "all", "").await;
    world.account.put("segments/vip/1.csv", people(0, 1_200)).await;
    world.account.put("segments/all/1.csv", people(0, 1_200)).await;
    world.start_vip().await;
    world.answer(&json!({"action": "run", "export": "all"})).await;
    // Twice as many pollers as one event source mapping has.
    join!(world.drain(), world.drain());

    let by_brand = one_at_a_time(&world);
    assert_eq!(by_brand["acme"].len(), 8);
    assert_eq!(world.account.messages().await, (0, 0));
    let contacts = world.omnisend.contacts(KEY).await;
    assert_eq!(contacts.len(), 1_200);
    let both = json!(["segment: vip", "segment: all"]);
    assert!(contacts.values().all(|contact| contact["tags"] == both), "{:?}", contacts.first_key_value());
    for export in ["vip", "all"] {
        assert_eq!(world.only_report(export).await["counts"]["accepted"], 1_200);
    }
}

#[tokio::test]
async fn reads_a_rotated_key_again_once() {
    let world = World::of_small_chunks().await;
    world.account.put("segments/vip/1.csv", people(0, 600)).await;
    world.start_vip().await;
    world.drain().await;
    // The warm process has the old key.
    world.omnisend.rotate_key(KEY, "key-2").await;
    world.account.secret(&world.secret_of("acme"), r#"{"api_key": "key-2"}"#).await;
    world.account.put("segments/vip/2.csv", people(0, 1_700)).await;
    let run = world.start_vip().await;
    world.drain().await;

    world.brand_holds("key-2", "vip", 0..1_700).await;
    assert_eq!(world.account.messages().await, (0, 0));
    let report = world.report("vip", &run).await;
    assert_eq!((&report["state"], &report["counts"]["accepted"]), (&json!("succeeded"), &json!(1_700)));
    assert_eq!(world.logged("the API key was refused; reading the secret again").len(), 1);
    let answers = world.omnisend.state("key-2").await["answers"].clone();
    let refused = answers["401"].as_u64().unwrap();
    assert!((1..=5).contains(&refused), "more requests than those in flight were refused: {answers}");
}

#[tokio::test]
async fn ten_brands_upload_at_once_and_each_keeps_its_order() {
    const BRANDS: u64 = 10;

    let scale = ("OMNISEND_EXPORT_SCALE", format!("chunk:{CHUNK}"));
    let options = Options { requests_per_minute: FAST, variables: vec![scale], ..Options::default() };
    let world = World::empty(options).await;
    let (connection, key) = (|n: u64| format!("brand-{n}"), |n: u64| format!("key-{n}"));
    // Each brand has one export, and the first brand has a second one.
    let exports: Vec<(u64, String)> =
        (0..BRANDS).map(|n| (n, format!("all-{n}"))).chain([(0, "more".to_owned())]).collect();
    for n in 0..BRANDS {
        world.connection(&connection(n), FAST, &key(n)).await;
    }
    for (n, export) in &exports {
        world.export(&connection(*n), export, "").await;
        world.account.put(&format!("segments/{export}/1.csv"), people(n * 1_000, 600)).await;
        world.answer(&json!({"action": "run", "export": export})).await;
    }
    world.drain().await;

    assert_eq!(world.account.messages().await, (0, 0));
    for n in 1..BRANDS {
        world.brand_holds(&key(n), &format!("all-{n}"), n * 1_000..n * 1_000 + 600).await;
    }
    let contacts = world.omnisend.contacts(&key(0)).await;
    let both = json!(["segment: all-0", "segment: more"]);
    assert!(contacts.len() == 600 && contacts.values().all(|contact| contact["tags"] == both));
    for (_, export) in &exports {
        assert_eq!(world.only_report(export).await["counts"]["accepted"], 600);
    }
    let by_brand = one_at_a_time(&world);
    assert_eq!(by_brand.len(), 10);
    assert_eq!(by_brand["brand-0"].len(), 6, "two chunks and a settlement for each export");
    let first = || by_brand.values().map(|invocations| &invocations[0]);
    let (last_began, first_ended) =
        (first().map(|invocation| invocation.began).max(), first().map(|invocation| invocation.ended).min());
    assert!(last_began < first_ended, "a brand waited until another brand's first message was done");
}
