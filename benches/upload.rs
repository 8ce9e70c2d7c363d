//! Measures how much of the request limit an upload uses, and what a handover between chunks costs.
//!
//! `cargo bench --bench upload` runs 300,000 contacts through the real pipeline into the sandbox, over HTTP. Limit and
//! latency are scaled alike: 6,000 requests per minute at 30 ms stand for 600 per minute at 300 ms.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    reason = "a bench prints its measurements, and panics if something fails"
)]

use std::{env, fs, io::Write as _, path::Path, process::Command, time::Duration};

use jiff::Timestamp;
use omnisend_export::run::Receipt;
use omnisend_sandbox::{Options, start};
use serde_json::Value;

const CONTACTS: u32 = 300_000;
const LIMIT: u32 = 6_000;
const LATENCY: Duration = Duration::from_millis(30);

fn main() {
    let state = env::temp_dir().join(format!("omnisend-export-upload-{}", std::process::id()));
    prepare(&state);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let options = Options { requests_per_minute: LIMIT, latency: LATENCY, ..Options::default() };
    let sandbox = runtime.block_on(start(options)).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_omnisend-export"))
        .args(["run", "all", "--json", "--state"])
        .arg(&state)
        .env("OMNISEND_API_URL", sandbox.url())
        .env("OMNISEND_API_KEY", "bench")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["counts"]["accepted"], CONTACTS);
    show(&state, &report);
    runtime.block_on(sandbox.stop());
    fs::remove_dir_all(&state).unwrap();
}

fn prepare(state: &Path) {
    let connection = format!(
        "display_name = \"Acme\"\nsecret = \"acme\"\nrequests_per_minute = {LIMIT}\n[data_privacy]\n\
         agreed_by = \"ada@example.com\"\nagreed_at = 2026-01-01T00:00:00Z\n"
    );
    let export = "display_name = \"All\"\nmode = \"full\"\n[[segments]]\nname = \"All\"\npath = \"segments/all/\"\n\
                  [fields]\nemail = \"email\"\nfirst_name = \"name\"\ncity = \"city\"\n";
    for (path, text) in [("connections/acme.toml", connection.as_str()), ("exports/acme/all.toml", export)] {
        let path = state.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    fs::create_dir_all(state.join("segments/all")).unwrap();
    let mut file = std::io::BufWriter::new(fs::File::create(state.join("segments/all/1.csv")).unwrap());
    writeln!(file, "email,name,city").unwrap();
    for n in 0..CONTACTS {
        writeln!(file, "person.{n}@example.com,Ada {n},London").unwrap();
    }
}

fn show(state: &Path, report: &Value) {
    let run = state.join("runs/all").join(report["run"].as_str().unwrap());
    let mut chunks: Vec<Vec<Timestamp>> = Vec::new();
    for n in 0.. {
        let Ok(text) = fs::read(run.join(format!("receipts/{n:05}.json"))) else { break };
        let receipt: Receipt = serde_json::from_slice(&text).unwrap();
        let mut times: Vec<Timestamp> = receipt.batches.iter().map(|batch| batch.posted_at).collect();
        times.sort();
        chunks.push(times);
    }
    let posted: usize = chunks.iter().map(Vec::len).sum();
    let (first, last) = (chunks[0][0], *chunks.last().unwrap().last().unwrap());
    let seconds = last.duration_since(first).as_secs_f64();
    let allowed = seconds * f64::from(LIMIT) / 60.0;
    let interval = seconds / (posted - 1) as f64;
    let gaps: Vec<f64> = chunks
        .windows(2)
        .map(|pair| pair[1][0].duration_since(*pair[0].last().unwrap()).as_secs_f64() - interval)
        .collect();
    println!(
        "upload: {posted} batches in {} chunks, {seconds:.1} s: {:.2} % of the allowed requests, {} answered with 429",
        chunks.len(),
        100.0 * (posted - 1) as f64 / allowed,
        report["requests"]["throttled"],
    );
    println!(
        "handover: {:.0} ms between chunks in addition to the pace (mean of {}), caught up afterwards",
        1000.0 * gaps.iter().sum::<f64>() / gaps.len() as f64,
        gaps.len(),
    );
    println!(
        "settle: {} requests, {:.2} % of the uploads'",
        report["requests"]["settle"],
        100.0 * report["requests"]["settle"].as_f64().unwrap() / posted as f64
    );
}
