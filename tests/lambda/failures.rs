//! Failures that keep a message from being handled: what the operator sees, how soon the run continues after the fix,
//! and that other brands are not affected.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    cloud::{Options, omnisend::KEY, people, template::number},
    moto::moto,
    proxy::{Effect, Exchange, Proxy},
    world::{CHUNK, FAST, World},
};

const OTHER: &str = "key-globex";

/// Returns a world with two brands, a segment for each, and a proxy between the functions and AWS.
async fn two_brands() -> (World, Proxy) {
    let proxy = Proxy::start(moto().address(), &[]).await;
    let scale = ("OMNISEND_EXPORT_SCALE", format!("chunk:{CHUNK}"));
    let endpoint = ("AWS_ENDPOINT_URL", format!("http://{}", proxy.address()));
    let world = World::with(Options { variables: vec![scale, endpoint], ..Options::default() }).await;
    world.connection("globex", FAST, OTHER).await;
    world.export("globex", "all", "").await;
    world.account.put("segments/vip/1.csv", people(0, 1_200)).await;
    world.account.put("segments/all/1.csv", people(5_000, 600)).await;
    (world, proxy)
}

/// Plans a run of each brand.
async fn start_both(world: &World) -> String {
    let run = world.start_vip().await;
    world.answer(&json!({"action": "run", "export": "all"})).await;
    run
}

async fn status(world: &World) -> Value {
    world.answer(&json!({"action": "status", "export": "vip"})).await["runs"][0].clone()
}

/// Returns the visibility timeouts of released messages, in seconds.
fn delays(proxy: &Proxy) -> Vec<u64> {
    let changes = proxy.seen(|request| request.operation() == "ChangeMessageVisibility");
    let seconds = |request: &Exchange| {
        serde_json::from_slice::<Value>(&request.body).unwrap()["VisibilityTimeout"].as_u64().unwrap()
    };
    changes.iter().map(seconds).collect()
}

/// Asserts that the run is parked for a reason, and that the other brand's run succeeded.
async fn parked(world: &World, reason: &str) {
    let shown = status(world).await;
    assert_eq!(shown["state"], "parked", "{shown}");
    let why = shown["why"].as_str().unwrap();
    assert!(why.contains(reason), "{why}");
    assert_eq!(world.logged("the run is parked").len(), 1, "a failure is logged once");
    world.brand_holds(OTHER, "all", 5_000..5_600).await;
}

async fn replayed(world: &World, run: &str) {
    world.answer(&json!({"action": "replay", "export": "vip", "run": run})).await;
    world.drain().await;
    world.brand_holds(KEY, "vip", 0..1_200).await;
    assert_eq!(status(world).await["state"], "succeeded");
}

#[tokio::test]
async fn a_missing_secret_parks_the_run_and_says_how_to_create_it() {
    let (world, _) = two_brands().await;
    let run = start_both(&world).await;
    let connection = world.account.get("connections/acme.toml").await;
    let elsewhere = String::from_utf8(connection.clone()).unwrap().replace("omnisend/", "omnisend/none/");
    world.account.put("connections/acme.toml", elsewhere).await;
    world.drain().await;
    parked(&world, "create-secret --name omnisend/none/").await;
    assert_eq!(world.pump.waits(), 0);
    world.account.put("connections/acme.toml", connection).await;
    replayed(&world, &run).await;
    world.holds(0..1_200).await;
}

#[tokio::test]
async fn a_secret_without_permission_parks_the_run_and_names_the_permission() {
    let (world, proxy) = two_brands().await;
    let run = start_both(&world).await;
    let denied = Exchange::json_error(400, "AccessDeniedException");
    let secret = world.secret_of("acme");
    let asks = move |request: &Exchange| {
        request.operation() == "GetSecretValue" && String::from_utf8_lossy(&request.body).contains(&secret)
    };
    proxy.spoil(1, asks, Effect::Answer(denied));
    world.drain().await;
    let reason = "AccessDeniedException: spoiled (status 400); the role or user needs \
                secretsmanager:GetSecretValue on it, and kms:Decrypt if it has a KMS key of its own";
    parked(&world, reason).await;
    replayed(&world, &run).await;
    world.holds(0..1_200).await;
}

#[tokio::test]
async fn a_throttled_secret_is_read_again_soon_without_help() {
    let (world, proxy) = two_brands().await;
    let throttled = || Effect::Answer(Exchange::json_error(400, "ThrottlingException"));
    // As often as one invocation tries.
    proxy.spoil(8, |request| request.operation() == "GetSecretValue", throttled());
    world.start_vip().await;
    world.drain().await;
    assert_eq!(delays(&proxy), [5]);
    assert_eq!(world.logged("could not be read just now: ThrottlingException").len(), 1);
    world.holds(0..1_200).await;
    assert_eq!(status(&world).await["state"], "succeeded");
}

#[tokio::test]
async fn an_unreadable_state_is_retried_with_backoff_and_then_the_run_is_parked() {
    let (world, proxy) = two_brands().await;
    let run = start_both(&world).await;
    let denied = || Effect::Answer(Exchange::s3_error(403, "AccessDenied"));
    proxy.spoil(9, |request| request.is("GET", "/connections/acme.toml"), denied());
    world.drain().await;
    assert_eq!(delays(&proxy), [5, 10, 20, 40, 80, 160, 300, 300]);
    assert_eq!(world.account.messages().await, (0, 0));
    let reason = "connections/acme.toml: access denied; the role or user needs permission to read it";
    parked(&world, reason).await;
    assert_eq!(world.logged("the message could not be handled").len(), 8);
    replayed(&world, &run).await;
    world.holds(0..1_200).await;
}

#[tokio::test]
async fn the_settlement_parks_a_run_whose_messages_became_dead_letters() {
    let (world, proxy) = two_brands().await;
    let run = start_both(&world).await;
    let denied = || Effect::Answer(Exchange::s3_error(403, "AccessDenied"));
    let receives = usize::try_from(number("UploadQueue", "maxReceiveCount")).unwrap();
    proxy.spoil(receives, |request| request.is("GET", "/connections/acme.toml"), denied());
    proxy.spoil(2, |request| request.is("PUT", "/parked.json"), denied());
    world.drain().await;
    assert_eq!(world.account.messages().await, (0, 1), "messages in the queue and dead letters");
    assert_eq!(world.logged("the run could not be parked").len(), 2);
    parked(&world, "1 of 3 chunks were not sent: their messages failed too often").await;
    replayed(&world, &run).await;
    assert_eq!(world.omnisend.contacts_sent(KEY).await, 1_200, "contacts were sent again");
}

#[tokio::test]
async fn a_message_that_always_times_out_becomes_a_dead_letter_and_its_run_is_parked() {
    let (world, _) = two_brands().await;
    let run = world.start_vip().await;
    for _ in 0..number("UploadQueue", "maxReceiveCount") {
        world.uploader.give_time(Duration::from_millis(1));
    }
    world.drain().await;
    world.answer(&json!({"action": "run", "export": "all"})).await;
    world.drain().await;
    assert_eq!(world.account.messages().await, (0, 1), "messages in the queue and dead letters");
    parked(&world, "1 of 3 chunks were not sent").await;
    assert_eq!(
        world.omnisend.contacts_sent(KEY).await,
        1_200 - CHUNK,
        "the brand's other chunks were not sent"
    );
    replayed(&world, &run).await;
}

#[tokio::test]
async fn a_missing_chunk_parks_the_run_at_once() {
    let (world, proxy) = two_brands().await;
    let run = world.start_vip().await;
    // The first attempt to park the run fails too.
    let denied = Effect::Answer(Exchange::s3_error(403, "AccessDenied"));
    proxy.spoil(1, |request| request.is("PUT", "/parked.json"), denied);
    world.account.delete(&format!("runs/vip/{run}/chunks/00001.ndjson.zst")).await;
    world.answer(&json!({"action": "run", "export": "all"})).await;
    world.drain().await;
    assert_eq!(delays(&proxy), [5]);
    assert_eq!(world.logged("the run could not be parked").len(), 1);
    parked(&world, "chunks/00001.ndjson.zst does not exist").await;
}

#[tokio::test]
async fn a_broken_or_removed_connection_delays_only_its_own_brand() {
    let (world, proxy) = two_brands().await;
    let run = world.start_vip().await;
    let connection = world.account.get("connections/acme.toml").await;
    world.account.put("connections/acme.toml", "display_name = 1").await;
    world.answer(&json!({"action": "run", "export": "all"})).await;
    world.drain().await;
    parked(&world, "connections/acme.toml").await;
    assert_eq!(world.pump.waits(), 0);
    world.account.put("connections/acme.toml", connection.clone()).await;
    replayed(&world, &run).await;

    world.account.put("segments/vip/2.csv", people(0, 1_200)).await;
    world.start_vip().await;
    world.account.delete("connections/acme.toml").await;
    world.drain().await;
    assert_eq!(delays(&proxy).len(), 8);
    let why = status(&world).await["why"].as_str().unwrap().to_owned();
    assert!(why.contains("connection `acme` does not exist; create connections/acme.toml"), "{why}");
    assert_eq!(world.account.messages().await, (0, 0));
}
