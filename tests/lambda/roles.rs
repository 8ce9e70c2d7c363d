//! Checks the AWS requests of each function on every path against `tests/template/requests.json`. The template's tests
//! check the roles' policies against the same list, so no role lacks a permission.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use serde_json::json;

use crate::{
    cloud::{Options, events::notification, omnisend::KEY, people},
    proxy::{Exchange, Proxy},
    world::{CHUNK, World, watched},
};

const LIST: &str = include_str!("../template/requests.json");

/// The run ID in the list.
const RUN: &str = "20261123t101500z-1a2b3c4d5e6f7081";

/// Returns the permission that a request needs: the action and the resource.
fn permission(request: &Exchange, world: &World) -> String {
    let mut words = request.line.split(' ');
    let (method, target) = (words.next().unwrap(), words.next().unwrap());
    match (request.header("x-amz-target").unwrap_or_default(), method) {
        (json, _) if json.starts_with("AmazonSQS.") => {
            return format!("sqs:{} uploads", request.operation().trim_end_matches("Batch"));
        }
        (json, _) if json.starts_with("secretsmanager.") => {
            return format!("secretsmanager:{} omnisend/acme", request.operation());
        }
        _ => {}
    }
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let parameter = |name: &str| query.split('&').find_map(|part| part.strip_prefix(name)?.strip_prefix('='));
    let key = path.strip_prefix(&format!("/{}", world.account.bucket)).unwrap().trim_start_matches('/');
    let action = match method {
        "GET" if key.is_empty() => return format!("s3:ListBucket {}", decoded(parameter("prefix").unwrap())),
        "GET" | "HEAD" if parameter("versionId").is_some() => "GetObjectVersion",
        "GET" | "HEAD" => "GetObject",
        "PUT" | "POST" => "PutObject",
        "DELETE" if parameter("uploadId").is_some() => "AbortMultipartUpload",
        "DELETE" => "DeleteObject",
        other => panic!("{other} {target}"),
    };
    format!("s3:{action} {}", decoded(key))
}

/// Returns a key with the list's run ID, and with 0 for each number.
fn decoded(key: &str) -> String {
    let key = percent_encoding::percent_decode_str(key).decode_utf8().unwrap().into_owned();
    let mut parts: Vec<&str> = key.split('/').collect();
    if parts.len() > 2 && parts[..2] == ["runs", ".probe"] {
        parts[2] = "1a2b";
    } else if parts.len() > 3 && parts[0] == "runs" {
        parts[2] = RUN;
    }
    let list = format!("{RUN}-000.zst");
    if parts[0] == "snapshots" && parts[2] != "current.json" {
        parts[2] = &list;
    }
    let first = |part: &str| match part.split_once('.') {
        Some((number, rest)) if number.len() == 5 && number.parse::<u32>().is_ok() => format!("00000.{rest}"),
        _ => part.to_owned(),
    };
    parts.into_iter().map(first).collect::<Vec<_>>().join("/")
}

/// Runs every action, and everything that can happen to a run.
async fn every_path(world: &World) {
    let bucket = &world.account.bucket;
    for event in [
        json!({"action": "connect", "connection": "acme"}),
        json!({"action": "run", "export": "vip", "dry_run": true}),
        json!({"action": "sweep", "part": "drops"}),
        json!({"action": "sweep", "part": "runs"}),
        json!({"action": "status", "export": "vip"}),
    ] {
        world.answer(&event).await;
    }
    world.omnisend.fault("stopped_batch=40,method=POST,count=1").await;
    world.omnisend.fault("refuse_item=person.3@example.com").await;
    let dropped = world.account.put("segments/vip/1.csv", people(0, 1_200) + "no address,x\n").await;
    world.planner.deliver(&notification(bucket, &dropped)).await.unwrap();
    // Too little time to send: progress is written, and the message is released.
    world.uploader.give_time(Duration::from_secs(15));
    world.drain().await;
    // The rejected contact is sent again.
    let run = &world.runs("vip").await.pop().unwrap();
    world.answer(&json!({"action": "replay", "export": "vip", "run": run})).await;
    world.drain().await;

    // A canary finds out how tags work; then the connection forces the tag endpoint. The export creates a segment.
    let file = "connections/acme.toml";
    let connection = String::from_utf8(world.account.get(file).await).unwrap();
    world.account.put(file, connection.replace("tags = \"inline\"", "")).await;
    world.export("acme", "vip", "create_segment = true").await;
    world.start_vip().await;
    world.drain().await;
    world.account.put(file, connection.replace("inline", "endpoint")).await;
    world.start_vip().await;
    world.drain().await;

    world.omnisend.fault("status=403,method=POST,path=/batches,skip=2,count=1").await;
    let run = world.start_vip().await;
    world.drain().await;
    // The planner handles replays. The settler, whose sweep also sends messages, can handle them too.
    world.settler.invoke(&json!({"action": "replay", "export": "vip", "run": run})).await;
    world.answer(&json!({"action": "cancel", "export": "vip", "run": run})).await;
    world.answer(&json!({"action": "status", "export": "vip"})).await;
    world.drain().await;

    // A full subscription halts a run.
    world.omnisend.fault("status=402,method=POST,path=/batches,count=1").await;
    world.start_vip().await;
    world.drain().await;

    // The chunks of a file that turns out to be broken are deleted.
    let broken = [people(0, 1_200).as_bytes(), &vec![b'x'; 40 << 20]].concat();
    world.account.put("segments/vip/2.csv", broken).await;
    world.invoke(&json!({"action": "run", "export": "vip"})).await;
    let dropped = world.account.put("segments/vip/2.csv", "no,such,column\n").await;
    world.planner.invoke(&notification(bucket, &dropped)).await;
    world.answer(&json!({"action": "status", "export": "vip"})).await;
    // A guard stops a run without contacts.
    let empty = world.account.put("segments/vip/3.csv", people(0, 0)).await;
    world.planner.deliver(&notification(bucket, &empty)).await.unwrap();
}

#[tokio::test]
async fn each_function_needs_exactly_the_listed_permissions() {
    let scale = ("OMNISEND_EXPORT_SCALE", format!("chunk:{CHUNK},pace:1000,wait:25"));
    let world = World::with(Options { variables: vec![scale], ..Options::default() }).await;
    world.account.put("segments/vip/0.csv", people(0, 10)).await;
    let (planner, uploader, settler) =
        (watched(&world.planner).await, watched(&world.uploader).await, watched(&world.settler).await);
    every_path(&world).await;
    assert!(!world.omnisend.contacts(KEY).await.is_empty());

    let needed = |proxy: &Proxy| -> BTreeSet<String> {
        proxy.seen(|_| true).iter().map(|request| permission(request, &world)).collect()
    };
    let needed = BTreeMap::from([
        ("Planner".to_owned(), needed(&planner)),
        ("Settler".to_owned(), needed(&settler)),
        ("Uploader".to_owned(), needed(&uploader)),
    ]);
    let listed: BTreeMap<String, BTreeSet<String>> = serde_json::from_str(LIST).unwrap();
    let now = serde_json::to_string_pretty(&needed).unwrap();
    assert_eq!(needed, listed, "if this is correct, write it to tests/template/requests.json:\n{now}");
}
