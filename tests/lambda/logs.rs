//! Checks, on every path and with all logging enabled, that logs, metrics, errors, messages and keys contain no
//! personal data and no API key.

use serde_json::{Value, json};

use crate::{
    cloud::{Options, environment::Outcome, events::notification, function::Function, omnisend::KEY},
    world::{CHUNK, FAST, World},
};

/// A text that every cell contains.
const CANARY: &str = "kanarie";

const EXPORT: &str = r#"
display_name = "VIP customers"
mode = "full"
[[segments]]
name = "VIP"
path = "segments/vip/"
[fields]
email = "EMail"
first_name = "FirstName"
last_name = "LastName"
phone = "Telephone"
address = "Address"
city = "City"
birthdate = "BirthDate"
[custom_properties]
tier = "Tier"
ltv = { column = "LTV", type = "number" }
"#;

const HEADER: &str = "EMail,FirstName,LastName,Telephone,Address,City,BirthDate,Tier,LTV\n";

/// Returns rows of every kind: valid, with invalid cells, invalid.
fn segment(rows: usize) -> String {
    let person = |n: usize| {
        let email = match n % 10 {
            7 => format!("kanarie.{n} is no address"),
            8 => String::new(),
            9 => "kanarie.0@example.com".to_owned(),
            _ => format!("kanarie.{n}@example.com"),
        };
        format!(
            "{email},Kanarie {n},O'Kanarie,kanarie 0123,\"1 Kanarie \"\"Road\"\"\",Kanarie Town,kanarie 1980,kanarie,kanarie\n"
        )
    };
    let broken = "kanarie.broken@example.com,\"Kanarie\"x,\nkanarie,kanarie\n";
    HEADER.to_owned() + &(0..rows).map(person).collect::<String>() + broken
}

async fn world() -> World {
    let scale = ("OMNISEND_EXPORT_SCALE", format!("chunk:{CHUNK},answer:30,wait:500,pace:1000"));
    let level = ("AWS_LAMBDA_LOG_LEVEL", "TRACE".to_owned());
    let options = Options { requests_per_minute: FAST, variables: vec![scale, level], ..Options::default() };
    let world = World::with(options).await;
    world.account.put("exports/acme/vip.toml", EXPORT).await;
    world.account.put("segments/vip/1.csv", segment(900)).await;
    world
}

/// Returns everything that left the functions: log lines, metrics, errors, message bodies, names of objects, and answers
/// except those of dry runs, which show contacts on purpose.
async fn everything(world: &World) -> Vec<String> {
    let mut all = world.account.keys("").await;
    for invocation in
        [&world.planner, &world.uploader, &world.settler].into_iter().flat_map(Function::invocations)
    {
        all.extend(invocation.lines);
        if invocation.event["dry_run"] != true {
            all.push(format!("{:?}", invocation.outcome));
        }
        if invocation.event["Records"][0]["eventSource"] == "aws:sqs" {
            all.push(invocation.event.to_string());
        }
    }
    all
}

async fn assert_silent(world: &World) {
    let all = everything(world).await;
    let found: Vec<_> =
        all.iter().filter(|line| line.to_lowercase().contains(CANARY) || line.contains(KEY)).collect();
    assert!(found.is_empty(), "{found:#?}");
}

/// Runs the export until it ends, in whatever state.
async fn run(world: &World) {
    world.invoke(&json!({"action": "run", "export": "vip"})).await;
    world.drain().await;
    world.invoke(&json!({"action": "status", "export": "vip"})).await;
}

#[tokio::test]
async fn runs_and_failures_log_no_personal_data_and_no_key() {
    let world = world().await;
    world.invoke(&json!({"action": "connect", "connection": "acme"})).await;
    world.invoke(&json!({"action": "run", "export": "vip", "dry_run": true})).await;
    run(&world).await;
    // A canary that finds out how tags work, or fails.
    let (file, findings) = ("connections/acme.toml", "findings/acme.json");
    let connection = String::from_utf8(world.account.get(file).await).unwrap();
    world.account.put(file, connection.replace("tags = \"inline\"", "")).await;
    for fault in [
        "refuse_item=kanarie.0@example.com,message=kanarie.0@example.com is blocked",
        "status=403,path=/contacts/tags,skip=1,count=2",
        "reset,path=/contacts,when=after,count=1",
    ] {
        world.omnisend.fault(fault).await;
        world.account.delete(findings).await;
        run(&world).await;
        world.invoke(&json!({"action": "connect", "connection": "acme"})).await;
    }
    world.account.put(file, connection).await;
    for fault in [
        "refuse_item=kanarie.1@example.com,code=kanarie.1@example.com,message=kanarie.1@example.com is blocked",
        "status=503,count=2,method=POST",
        "status=429,retry_after=1,count=1,method=POST",
        "reset,count=2",
        "hang,count=1,method=POST,path=/batches",
        "stopped_batch=40,count=1,method=POST",
        "errors_without_items=3,count=1,method=POST",
        "status=403,count=1,method=POST,path=/batches",
    ] {
        world.omnisend.fault(fault).await;
        run(&world).await;
    }
    let sweep = json!({"action": "sweep"});
    world.invoke(&sweep).await;
    for run in world.runs("vip").await {
        world.invoke(&json!({"action": "replay", "export": "vip", "run": run})).await;
        world.invoke(&json!({"action": "cancel", "export": "vip", "run": run})).await;
    }
    world.drain().await;
    world.omnisend.rotate_key(KEY, "another").await;
    run(&world).await;
    world.account.secret(&world.secret_of("acme"), "kanarie key").await;
    run(&world).await;
    assert_silent(&world).await;
    assert!(!world.logged("\"DEBUG\"").is_empty(), "debug lines are missing");
    for line in world.logged("") {
        assert!(serde_json::from_str::<Value>(&line).is_ok(), "not a line of JSON: {line}");
    }
}

#[tokio::test]
async fn unusable_files_log_no_personal_data() {
    let world = world().await;
    let whole = segment(20);
    let rows = whole.strip_prefix(HEADER).unwrap();
    for bad in [
        // Without a header: the first person is in its place.
        rows.to_owned(),
        rows.replace("kanarie", "email.kanarie"),
        whole.replace("EMail", "Kanarie"),
        whole.replace(',', ";"),
        whole.replace("EMail", "FirstName"),
        format!("{whole}\"kanarie.unclosed@example.com"),
        format!("\u{1f}\u{8b}{whole}"),
        String::new(),
    ] {
        world.account.put("segments/vip/1.csv", bad).await;
        let dropped =
            world.account.put("segments/vip/2.csv", [whole.as_bytes(), b"\xff\xfe\0kanarie"].concat()).await;
        world.invoke(&notification(&world.account.bucket, &dropped)).await;
        run(&world).await;
        world.account.put("segments/vip/2.csv", rows.as_bytes()[1..].to_vec()).await;
        run(&world).await;
    }
    assert_silent(&world).await;
}

#[tokio::test]
async fn damaged_state_and_messages_log_no_personal_data() {
    let world = world().await;
    for line in [
        r#""kanarie@example.com""#,
        r#"{"at":{"o":0,"l":"kanarie@example.com"},"contact":{}}"#,
        r#"{"at":{"o":0,"l":1},"contact":kanarie@example.com}"#,
        "kanarie@example.com",
    ] {
        let started = world.answer(&json!({"action": "run", "export": "vip"})).await;
        let run = started["run"].as_str().unwrap();
        let chunk = format!("runs/vip/{run}/chunks/00000.ndjson.zst");
        world.account.put(&chunk, zstd::encode_all(line.as_bytes(), 1).unwrap()).await;
        world.account.put(&format!("runs/vip/{run}/receipts/00001.json"), line).await;
        world.drain().await;
        world.invoke(&json!({"action": "status", "export": "vip"})).await;
        world.account.delete(&format!("runs/vip/{run}/parked.json")).await;
        world.account.put(&format!("runs/vip/{run}/manifest.json"), line).await;
        world.invoke(&json!({"action": "status", "export": "vip"})).await;
        world.invoke(&json!({"action": "sweep"})).await;
        world.account.delete(&format!("runs/vip/{run}/manifest.json")).await;
    }
    let lines = world.uploader.lines();
    // The test sends these bodies itself, so only the function's lines are checked.
    for body in [
        "kanarie@example.com",
        "\"kanarie@example.com\"",
        r#"{"export":"Kanarie","run":"1","step":"settle"}"#,
    ] {
        let event = json!({"Records": [{"messageId": "1", "receiptHandle": "1", "body": body, "eventSource": "aws:sqs",
            "attributes": {"MessageGroupId": "acme", "ApproximateReceiveCount": "1"}}]});
        let answer = world.uploader.invoke(&event).await;
        assert!(matches!(&answer, Outcome::Answer(answer) if answer["batchItemFailures"][0].is_object()));
    }
    let more = world.uploader.lines().split_off(lines.len());
    assert!(!more.is_empty() && more.iter().all(|line| !line.to_lowercase().contains(CANARY)), "{more:?}");
    let found: Vec<_> =
        lines.iter().filter(|line| line.to_lowercase().contains(CANARY) || line.contains(KEY)).collect();
    assert!(found.is_empty(), "{found:?}");
    let found: Vec<_> = world.settler.lines().into_iter().chain(world.planner.lines()).collect();
    assert!(found.iter().all(|line| !line.to_lowercase().contains(CANARY)), "{found:?}");
}

#[tokio::test]
async fn a_key_that_was_pasted_into_a_file_is_not_logged() {
    let world = world().await;
    let connection = String::from_utf8(world.account.get("connections/acme.toml").await).unwrap();
    for bad in [
        format!("api_key = \"{KEY}\"\n{connection}"),
        format!("secret = {KEY}\n"),
        format!("secret = \"{KEY}\n{connection}"),
        format!("{KEY}\n{connection}"),
    ] {
        world.account.put("connections/acme.toml", bad).await;
        run(&world).await;
        world.invoke(&json!({"action": "connect", "connection": "acme"})).await;
        world.invoke(&json!({"action": "sweep", "part": "drops"})).await;
    }
    assert_silent(&world).await;
}

#[tokio::test]
async fn a_line_names_its_run_and_a_failure_is_logged_once() {
    let world = World::of_small_chunks().await;
    world.account.put("segments/vip/1.csv", crate::cloud::people(0, 600)).await;
    let run = world.start_vip().await;
    world.drain().await;
    let of_chunk = &world.logged("\"done\"")[1];
    let line: Value = serde_json::from_str(of_chunk).unwrap();
    assert_eq!(
        json!([line["level"], line["connection"], line["export"], line["run"], line["chunk"]]),
        json!(["INFO", "acme", "vip", run, 1]),
        "{line}"
    );
    assert!(
        line["request.id"].is_string() && line["duration.ms"].is_u64() && line["timestamp"].is_string(),
        "{line}"
    );
    let end: Value = serde_json::from_str(&world.logged("the run is over")[0]).unwrap();
    let counts = json!([end["read"], end["sent"], end["accepted"], end["rejected"], end["unknown"]]);
    assert_eq!(counts, json!([600, 600, 600, 0, 0]));
    let failed = json!({"action": "run", "export": "none"});
    world.error(&failed).await;
    assert_eq!(world.logged("\"ERROR\"").len(), 1);
}
