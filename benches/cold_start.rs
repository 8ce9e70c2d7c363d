//! Measures how soon the Lambda is ready for its first event, how much memory an upload takes, and how large the binary
//! is.
//!
//! `cargo bench --bench cold_start --all-features -- target/release/bootstrap` measures the release binary. Without a
//! path, it measures the binary of this build, which is larger because it contains kill points. Like the tests, it
//! needs moto on the `PATH`.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    reason = "a bench prints its measurements, and panics if something fails"
)]

#[expect(dead_code, reason = "the tests use more of it")]
#[path = "../tests/common/lambda/mod.rs"]
mod cloud;
#[expect(dead_code, reason = "the tests use more of it")]
#[path = "../tests/common/moto.rs"]
mod moto;

use std::{env, fs, path::PathBuf, time::Instant};

use serde_json::json;

use crate::{
    cloud::{
        Cloud, Options,
        environment::{Environment, Outcome, Setup},
        events,
        omnisend::KEY,
        people,
    },
    moto::moto,
};

const STARTS: usize = 20;

/// Contacts in the uploaded chunk: as many as the documented limit allows in one minute.
const CONTACTS: u64 = 40_000;

/// The documented limit. With it, a chunk has that many contacts.
const LIMIT: u32 = 400;

/// The limit during the upload, so that the upload does not take a minute.
const UPLOADED_AT: u32 = 30_000;

#[tokio::main]
async fn main() {
    // Cargo's own `--bench` is among the arguments.
    let given = env::args().skip(1).find(|argument| !argument.starts_with('-')).map(PathBuf::from);
    let program = given.unwrap_or_else(|| env!("CARGO_BIN_EXE_bootstrap").into());
    let size = fs::metadata(&program).unwrap().len();
    println!("{}: {:.2} MB", program.display(), size as f64 / 1e6);

    let options = Options { requests_per_minute: UPLOADED_AT, ..Options::default() };
    let cloud = Cloud::set_up(moto().config(), &program, options).await;
    let setup = cloud.uploader.setup();
    println!("ready for the first event: {:.1} ms (median of {STARTS} starts)", ready(setup).await);
    println!(
        "memory of an upload of {CONTACTS} contacts: {:.1} MiB at its peak",
        memory(&cloud, setup).await
    );
}

/// Returns the milliseconds from the start of the process to its first request for an event.
async fn ready(setup: &Setup) -> f64 {
    let mut times = Vec::new();
    for _ in 0..STARTS {
        let start = Instant::now();
        let environment = Environment::start(setup).await.unwrap();
        times.push(start.elapsed().as_secs_f64() * 1e3);
        drop(environment);
    }
    times.sort_by(f64::total_cmp);
    times[STARTS / 2]
}

/// Returns the peak memory, in MiB, of a process that uploads only one whole chunk.
async fn memory(cloud: &Cloud, setup: &Setup) -> f64 {
    cloud.connection("acme", LIMIT, KEY).await;
    cloud.export("acme", "vip", "").await;
    cloud.account.put("segments/vip/1.csv", people(0, CONTACTS)).await;
    let planned = cloud.invoke(&json!({"action": "run", "export": "vip"})).await;
    assert!(matches!(&planned, Outcome::Answer(answer) if answer["chunks"] == 1), "{planned:?}");
    cloud.connection("acme", UPLOADED_AT, KEY).await;

    let messages = cloud.account.receive(1).await;
    let event = events::messages(&cloud.account.queue_arn, &messages);
    let mut environment = Environment::start(setup).await.unwrap();
    let outcome = environment.invoke(&event, std::time::Duration::from_secs(100)).await;
    assert_eq!(outcome, Outcome::Answer(json!({"batchItemFailures": []})));
    assert_eq!(cloud.omnisend.contacts_sent(KEY).await, CONTACTS);
    let status = fs::read_to_string(format!("/proc/{}/status", environment.process().unwrap())).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB"));
    peak.unwrap().parse::<f64>().unwrap() / 1024.0
}
