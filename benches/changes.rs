//! Measures the cost of finding changed contacts and of writing the snapshot.
//!
//! `cargo bench --bench changes` plans a first run of 1,000,000 profiles and writes its snapshot as if Omnisend had
//! accepted every contact. Then it plans the same file again, plans a file in which 1 profile in 100 differs, and
//! writes that snapshot. `cargo bench --bench changes -- 10000000` uses another number of profiles. Each step runs in
//! its own process, so that the peak memory is that of one step. Each step's CPU time is compared with that of the
//! first plan.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a bench prints its measurements, and panics if something fails"
)]

mod common;

use std::{env, fs, path::Path, process::Command, sync::Arc, time::Instant};

use omnisend_export::{
    config::load_export,
    keys::{Key, RunRef},
    ports::clock::{Clock as _, SystemClock},
    run::{Allowed, Batch, ChunkRef, Contacts, Manifest, Mode, Outcome, Receipt, Trigger},
    stage::{Quiet, Records, plan, snapshot::remember},
};

use self::common::{cpu, peak_kib, segment, state};

fn main() {
    let arguments: Vec<String> = env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if let [step, folder, run] = arguments.as_slice() {
        return measure(step, Path::new(folder), run);
    }
    let profiles: u64 = arguments.first().map_or(1_000_000, |n| n.parse().unwrap());
    let folder = env::temp_dir().join(format!("omnisend-export-changes-{}", std::process::id()));
    state(&folder);
    let file = folder.join("segments/vip/all.csv");
    segment::write(&file, "csv", profiles, 0);
    let mut first = None;
    for (step, run, what) in [
        ("plan", "1", "a first plan"),
        ("remember", "1", "its snapshot"),
        ("plan", "2", "a plan of the same file"),
        ("change", "", ""),
        ("plan", "3", "a plan in which 1 in 100 differs"),
        ("remember", "3", "its snapshot"),
    ] {
        if step == "change" {
            segment::write(&file, "csv", profiles, 100);
            continue;
        }
        let output =
            Command::new(env::current_exe().unwrap()).args([step]).arg(&folder).arg(run).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        let numbers: Vec<f64> = text.split_whitespace().map(|n| n.parse().unwrap()).collect();
        let first = *first.get_or_insert(numbers[1]);
        println!(
            "{profiles}: {what}: {:.1} s, {:.1} s of one core ({:.2} of the first plan), peak {:.0} MiB, {} to send",
            numbers[0],
            numbers[1],
            numbers[1] / first,
            numbers[2] / 1024.0,
            numbers[3],
        );
    }
    let lists: u64 = fs::read_dir(folder.join("snapshots/vip"))
        .unwrap()
        .map(|file| file.unwrap().metadata().unwrap().len())
        .max()
        .unwrap();
    println!("{profiles}: the list of members: {} MB", lists / 1_000_000);
    fs::remove_dir_all(&folder).unwrap();
}

/// Runs a step. Prints the wall time in seconds, the CPU time in seconds, the peak memory in KiB and the number of
/// contacts to send.
fn measure(step: &str, folder: &Path, run: &str) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let (wall, sent) = runtime.block_on(async {
        let ports = common::ports(folder);
        let run = RunRef {
            export: "vip".parse().unwrap(),
            run: format!("20261125t10000{run}z-{run}").parse().unwrap(),
        };
        let records = Records::new(ports.objects.clone());
        if step == "remember" {
            let manifest = records.manifest(&run).await.unwrap().unwrap();
            accepted(&records, &manifest).await;
            let start = Instant::now();
            remember(&ports, &manifest).await.unwrap();
            return (start.elapsed(), manifest.planned.sent);
        }
        let now = SystemClock.now();
        let (connection, export) = load_export(&*ports.objects, &run.export, now).await.unwrap();
        let request = plan::Request {
            connection: Arc::new(connection),
            export: Arc::new(export),
            trigger: Trigger::Call { at: now, request: run.to_string() },
            run,
            mode: Mode::Changes,
            dry_run: false,
            show_values: false,
            allowed: Allowed::new(),
            sources: None,
        };
        let start = Instant::now();
        let manifest = plan::plan(&ports, &request, &Quiet).await.unwrap();
        let wall = start.elapsed();
        if manifest.chunks.is_empty() {
            mark_reported(&records, &manifest).await;
        }
        (wall, manifest.planned.sent)
    });
    println!("{} {} {} {sent}", wall.as_secs_f64(), cpu().as_secs_f64(), peak_kib());
}

/// Writes the objects that the upload and settle stages would write if Omnisend accepted every contact.
async fn accepted(records: &Records, manifest: &Manifest) {
    for (chunk, info) in (0..).zip(&manifest.chunks) {
        let batch = Batch {
            batch_id: chunk.to_string(),
            contacts: Contacts::Range(0..info.contacts),
            posted_at: SystemClock.now(),
        };
        let receipt = Receipt { batches: vec![batch], ..Receipt::default() };
        let outcome = Outcome { accepted: info.contacts.into(), ..Outcome::default() };
        let id = ChunkRef::of(&manifest.run, chunk);
        records.write(&id, &receipt).await.unwrap();
        records.write(&id, &outcome).await.unwrap();
    }
    mark_reported(records, manifest).await;
}

/// Marks the run as reported, so that the next plan treats it as settled.
async fn mark_reported(records: &Records, manifest: &Manifest) {
    let key = Key::ReportJson(manifest.run.clone());
    let replace = omnisend_export::ports::objects::Put::Replace;
    records.objects().put(&(&key).into(), bytes::Bytes::from_static(b"null\n"), replace).await.unwrap();
}
