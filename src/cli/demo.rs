//! `demo`: runs the whole pipeline on this machine. It exports a sample to a sandbox, and compares the contacts there
//! with the sample.

use std::{fs, io, path::PathBuf, process::ExitCode};

use clap::Args;
use jiff::SignedDuration;
use secrecy::SecretString;

use super::{
    exit::{self, Failure},
    interrupt,
    local::Local,
    output, progress,
    run::execute,
    sample,
};
use crate::{
    app::RunOptions,
    environment::Environment,
    keys::{ExportName, Key},
    report::text,
    run::{Report, lines},
    wording::number,
};
use omnisend_sandbox::{self, Sandbox};

const CONNECTION: &str = include_str!("demo/acme.toml");
const EXPORT: &str = include_str!("demo/vip.toml");

#[derive(Debug, Args)]
pub(super) struct DemoArgs {
    /// The directory for the demo's state; the state of an earlier demo is replaced
    #[arg(long, value_name = "DIR", default_value = "demo")]
    dir: PathBuf,
    /// The number of rows in the sample
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    profiles: u64,
    /// The seed of the random sample; the same seed gives the same file
    #[arg(long, value_name = "N", default_value_t = 2026)]
    seed: u64,
    /// Keep the sandbox running until Ctrl-C, to look at its contacts
    #[arg(long)]
    keep: bool,
}

pub(super) async fn demo(args: DemoArgs) -> Result<ExitCode, Failure> {
    let contents =
        prepare(&args).map_err(|error| Failure::failed(format!("{}: {error}", args.dir.display())))?;
    output::note(&format!(
        "sample:  {}: {} rows, {} without a valid email, {} duplicates",
        args.dir.join("segments/vip/2026-11-23.csv").display(),
        number(contents.rows),
        number(contents.invalid),
        number(contents.duplicate),
    ));
    let sandbox =
        omnisend_sandbox::start(omnisend_sandbox::Options::default()).await.map_err(Failure::failed)?;
    output::note(&format!("sandbox: {} with Omnisend's limit of 400 requests a minute", sandbox.page()));

    let report = run(&args, &sandbox).await?;
    let arrived = contacts(&sandbox).await?;
    output::result(&text(&report));
    output::result(&format!(
        "  report:  {}",
        args.dir.join(Key::ReportHtml(report.run.clone()).to_string()).display()
    ));
    let counts = report.counts;
    let matches = counts.planned().read == contents.rows
        && counts.planned().invalid == contents.invalid
        && counts.planned().duplicate == contents.duplicate
        && counts.settled().accepted == contents.valid
        && arrived == contents.valid;
    output::result(&format!(
        "the sandbox has {} contacts; the sample has {} valid, unique ones: {}",
        number(arrived),
        number(contents.valid),
        if matches { "they match" } else { "THEY DIFFER" }
    ));
    if args.keep {
        output::note(&format!("the sandbox runs at {} until Ctrl-C", sandbox.page()));
        tokio::signal::ctrl_c().await.map_err(Failure::failed)?;
    }
    sandbox.stop().await;
    Ok(if matches { ExitCode::SUCCESS } else { ExitCode::from(exit::FAILED) })
}

/// Replaces the state with a new one. Only directories that the demo writes are removed.
fn prepare(args: &DemoArgs) -> io::Result<sample::Contents> {
    for written in ["connections", "exports", "segments", "runs", "snapshots", "findings", "locks"] {
        match fs::remove_dir_all(args.dir.join(written)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    for (path, text) in [("connections/acme.toml", CONNECTION), ("exports/acme/vip.toml", EXPORT)] {
        let path = args.dir.join(path);
        fs::create_dir_all(path.parent().unwrap_or(&args.dir))?;
        fs::write(path, text)?;
    }
    let folder = args.dir.join("segments/vip");
    fs::create_dir_all(&folder)?;
    let file = io::BufWriter::new(fs::File::create(folder.join("2026-11-23.csv"))?);
    sample::write(args.profiles, args.seed, file).map_err(io::Error::from)
}

async fn run(args: &DemoArgs, sandbox: &Sandbox) -> Result<Report, Failure> {
    let environment = Environment {
        api_url: sandbox.url().parse().map_err(Failure::failed)?,
        api_key: Some(SecretString::from("demo")),
    };
    let export: ExportName = "vip".parse().map_err(Failure::failed)?;
    let observer = progress::observer();
    let local = Local::open(&args.dir, &environment, observer, SignedDuration::from_mins(5))?;
    let again = "run the demo again";
    Ok(*execute(&local, &export, RunOptions::default(), &interrupt::watch(), again).await?)
}

/// The number of contacts in the sandbox.
async fn contacts(sandbox: &Sandbox) -> Result<u64, Failure> {
    let answer = reqwest::get(format!("{}_sandbox/contacts", sandbox.page())).await;
    let body = answer.map_err(Failure::failed)?.bytes().await.map_err(Failure::failed)?;
    Ok(lines(&body).count() as u64)
}
