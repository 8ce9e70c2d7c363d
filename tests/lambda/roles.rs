//! What each function asks of AWS on every path: exactly what `tests/template/requests.json` lists. The template's own
//! tests hold the roles' policies against the same list, so no role lacks what its function needs.

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

/// How the list writes a run's id.
const RUN: &str = "20261123t101500z-1a2b3c4d5e6f7081";

/// The permission that a request needs: the action, and what of the account it is about.
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

/// A key, with the list's run and the first of several numbers in it.
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

/// Everything that can happen to a run, and everything that can be asked for.
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
    // No time to send anything: progress is written, and the message released.
    world.uploader.give_time(Duration::from_secs(15));
    world.drain().await;
    // What was refused of it goes again.
    let run = &world.runs("vip").await.pop().unwrap();
    world.answer(&json!({"action": "replay", "export": "vip", "run": run})).await;
    world.drain().await;

    // The way of tags is to be found out; then it is the one that needs more. The export asks for a segment.
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
    // The planner does it; the settler, whose sweep sends messages too, can as well.
    world.settler.invoke(&json!({"action": "replay", "export": "vip", "run": run})).await;
    world.answer(&json!({"action": "cancel", "export": "vip", "run": run})).await;
    world.answer(&json!({"action": "status", "export": "vip"})).await;
    world.drain().await;

    // A plan that is full ends a run.
    world.omnisend.fault("status=402,method=POST,path=/batches,count=1").await;
    world.start_vip().await;
    world.drain().await;

    // Chunks of a file that turns out to be none are taken away again.
    let broken = [people(0, 1_200).as_bytes(), &vec![b'x'; 40 << 20]].concat();
    world.account.put("segments/vip/2.csv", broken).await;
    world.invoke(&json!({"action": "run", "export": "vip"})).await;
    let dropped = world.account.put("segments/vip/2.csv", "no,such,column\n").await;
    world.planner.invoke(&notification(bucket, &dropped)).await;
    world.answer(&json!({"action": "status", "export": "vip"})).await;
    // A guard stops a run that has nobody in it.
    let empty = world.account.put("segments/vip/3.csv", people(0, 0)).await;
    world.planner.deliver(&notification(bucket, &empty)).await.unwrap();
}

#[tokio::test]
async fn each_function_asks_for_what_its_role_is_known_to_need() {
    let scale = ("OMNISEND_EXPORT_SCALE", format!("chunk:{CHUNK},pace:1000,wait:25"));
    let world = World::with(Options { variables: vec![scale], ..Options::default() }).await;
    world.account.put("segments/vip/0.csv", people(0, 10)).await;
    let (planner, uploader, settler) =
        (watched(&world.planner).await, watched(&world.uploader).await, watched(&world.settler).await);
    every_path(&world).await;
    assert!(!world.omnisend.contacts(KEY).await.is_empty());

    let asked = |proxy: &Proxy| -> BTreeSet<String> {
        proxy.seen(|_| true).iter().map(|request| permission(request, &world)).collect()
    };
    let asked = BTreeMap::from([
        ("Planner".to_owned(), asked(&planner)),
        ("Settler".to_owned(), asked(&settler)),
        ("Uploader".to_owned(), asked(&uploader)),
    ]);
    let listed: BTreeMap<String, BTreeSet<String>> = serde_json::from_str(LIST).unwrap();
    let now = serde_json::to_string_pretty(&asked).unwrap();
    assert_eq!(asked, listed, "if that is right, write this to tests/template/requests.json:\n{now}");
}
