//! Measures the speed and the memory of a plan.
//!
//! `cargo bench --bench plan` writes a file of 1,000,000 profiles with 8 mapped fields in each format, plans it from a
//! state directory as the command line does, and prints the profiles per second of one core (by the CPU time of all
//! threads) and the peak memory of the process. `cargo bench --bench plan -- 10000000` uses another number of profiles.
//! Each plan runs in its own process, so that the peak is that of one plan.

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
    keys::RunRef,
    ports::clock::{Clock as _, SystemClock},
    run::{Mode, Trigger},
    stage::{Quiet, plan},
};

use self::common::{cpu, peak_kib, segment};

fn main() {
    let arguments: Vec<String> = env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if let [command, state] = arguments.as_slice()
        && command == "measure"
    {
        return measure(Path::new(state));
    }
    let profiles: u64 = arguments.first().map_or(1_000_000, |n| n.parse().unwrap());
    for format in ["csv", "csv.gz", "ndjson", "parquet"] {
        measure_format(format, profiles);
    }
}

fn measure_format(format: &str, profiles: u64) {
    let state = env::temp_dir().join(format!("omnisend-export-bench-{}", std::process::id()));
    common::state(&state);
    segment::write(&state.join(format!("segments/vip/all.{format}")), format, profiles, 0);
    let myself = env::current_exe().unwrap();
    let mut rates = Vec::new();
    let mut highest = 0.0_f64;
    for round in 1..=3 {
        // The next plan would read the chunks of an unsettled run.
        let _ = fs::remove_dir_all(state.join("runs"));
        let output = Command::new(&myself).arg("measure").arg(&state).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        let numbers: Vec<f64> = text.split_whitespace().map(|n| n.parse().unwrap()).collect();
        let (wall, cpu, peak, planned) = (numbers[0], numbers[1], numbers[2], numbers[3]);
        println!(
            "plan {format} {round}: {planned} profiles, {:.0} profiles/s of one core, {:.0} profiles/s by the clock, peak {:.0} MiB",
            planned / cpu,
            planned / wall,
            peak / 1024.0
        );
        rates.push(planned / cpu);
        highest = highest.max(peak / 1024.0);
    }
    rates.sort_by(f64::total_cmp);
    println!("plan {format}: {:.0} profiles/s of one core (median of 3), peak {highest:.0} MiB", rates[1]);
    fs::remove_dir_all(&state).unwrap();
}

/// Plans, and prints the wall time in seconds, the CPU time in seconds, the peak memory in KiB and the number of
/// profiles.
fn measure(state: &Path) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let (wall, profiles) = runtime.block_on(async {
        let ports = common::ports(state);
        let now = SystemClock.now();
        let (connection, export) = load_export(&*ports.objects, &"vip".parse().unwrap(), now).await.unwrap();
        let trigger = Trigger::Call { at: now, request: std::process::id().to_string() };
        let name = export.name().clone();
        let request = plan::Request {
            connection: Arc::new(connection),
            run: RunRef { run: trigger.run_id(&name), export: name },
            export: Arc::new(export),
            trigger,
            mode: Mode::Full,
            dry_run: false,
            show_values: false,
            allowed: omnisend_export::run::Allowed::new(),
            sources: None,
        };
        let start = Instant::now();
        let manifest = plan::plan(&ports, &request, &Quiet).await.unwrap();
        assert_eq!(manifest.planned.read, manifest.planned.sent);
        (start.elapsed(), manifest.planned.read)
    });
    println!("{} {} {} {profiles}", wall.as_secs_f64(), cpu().as_secs_f64(), peak_kib());
}
