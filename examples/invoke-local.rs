//! Handles one event with the real `bootstrap` of this build, and with local stand-ins for AWS and Omnisend.
//!
//! `make invoke-local EVENT=events/manual-run.json` prepares the connection, the export, the segment and the run that the
//! events name, invokes the function that the template would send the event to, and handles messages until the queue is
//! empty. It prints the functions' logs, the answer, and the number of contacts in Omnisend.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "it prints, and panics on errors like the tests whose stand-ins it uses"
)]

#[expect(dead_code, reason = "the tests use more of it")]
#[path = "../tests/common/lambda/mod.rs"]
mod cloud;
#[expect(dead_code, reason = "the tests use more of it")]
#[path = "../tests/common/moto.rs"]
mod moto;

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use serde_json::Value;

use crate::{
    cloud::{
        Cloud, Options,
        environment::Outcome,
        omnisend::KEY,
        people,
        prepared::{BUCKET, REQUESTS_PER_MINUTE, prepare, prepare_for, run},
    },
    moto::moto,
};

/// Profiles in the sample segment.
const PEOPLE: u64 = 2_500;

#[tokio::main]
async fn main() -> ExitCode {
    let event = match read(&env::args().nth(1).unwrap_or_default()) {
        Ok(event) => event,
        Err(problem) => {
            eprintln!("{problem}");
            return ExitCode::from(2);
        }
    };
    let options =
        Options { bucket: Some(BUCKET), requests_per_minute: REQUESTS_PER_MINUTE, ..Options::default() };
    let cloud = Cloud::set_up(moto().config(), &bootstrap(), options).await;
    prepare(&cloud, &people(0, PEOPLE)).await;
    prepare_for(&cloud, &event).await;

    let answer = cloud.invoke(&event).await;
    cloud.drain().await;
    for (name, function) in
        [("planner", &cloud.planner), ("uploader", &cloud.uploader), ("settler", &cloud.settler)]
    {
        for line in function.lines() {
            println!("{name:<9}{}", readable(&line));
        }
    }
    println!("\nanswer\n{}", shown(&answer));
    summary(&cloud).await;
    if matches!(answer, Outcome::Answer(_)) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn read(path: &str) -> Result<Value, String> {
    let text = match fs::read(path) {
        Ok(text) => text,
        Err(error) => return Err(format!("{path}: {error}")),
    };
    serde_json::from_slice(&text).map_err(|error| format!("{path} is not JSON: {error}"))
}

/// Returns the path of the function's binary, which cargo puts in the parent of this example's folder.
fn bootstrap() -> PathBuf {
    let own = env::current_exe().unwrap();
    own.parent().and_then(Path::parent).unwrap().join("bootstrap")
}

/// Returns a JSON log line as text: time, level, message, and the other fields as `name=value`.
fn readable(line: &str) -> String {
    let Ok(Value::Object(mut fields)) = serde_json::from_str(line) else { return line.to_owned() };
    if fields.remove("_aws").is_some() {
        fields.remove("StateBucket");
        let metrics: Vec<_> = fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
        return format!("metric  {}", metrics.join(" "));
    }
    let mut take = |name: &str| fields.remove(name).map(|value| text(&value)).unwrap_or_default();
    let (at, level, message) = (take("timestamp"), take("level"), take("message"));
    take("request.id");
    let rest: Vec<_> = fields.iter().map(|(name, value)| format!("{name}={}", text(value))).collect();
    let time = at.split('T').nth(1).unwrap_or_default().trim_end_matches('Z');
    format!("{time} {level:<5} {message}  {}", rest.join(" "))
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn shown(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Answer(answer) => serde_json::to_string_pretty(answer).unwrap(),
        Outcome::Error(failure) => format!("{}: {}", failure.kind, failure.message),
        Outcome::Died(status) => format!("the function's process ended: {status}"),
        Outcome::TimedOut => "the function timed out".to_owned(),
    }
}

async fn summary(cloud: &Cloud) {
    let state = cloud.omnisend.state(KEY).await;
    println!(
        "\nOmnisend has {} contacts, in {} batches.",
        state["brands"][0]["contacts_count"], state["brands"][0]["batches_count"]
    );
    for key in cloud.account.keys("runs/").await {
        let Some(run) = key.strip_suffix("/report.json") else { continue };
        let report: Value = serde_json::from_slice(&cloud.account.get(&key).await).unwrap();
        println!("{run}: {}, {}", text(&report["state"]), report["counts"]);
    }
    let (queued, dead) = cloud.account.messages().await;
    println!(
        "The queue has {queued} messages, the dead-letter queue {dead}. The run in the events is {}.",
        run().run
    );
}
