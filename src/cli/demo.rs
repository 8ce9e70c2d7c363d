//! `demo`: the whole pipeline on this machine: a sample, a sandbox, a run, and a look at what arrived.

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
    config::Environment,
    keys::{ExportName, Key},
    report::text,
    run::{Report, lines},
    sandbox::{self, Running},
    text::grouped,
};

const CONNECTION: &str = include_str!("demo/acme.toml");
const EXPORT: &str = include_str!("demo/vip.toml");

#[derive(Debug, Args)]
pub(super) struct DemoArgs {
    /// Where to put the demo's state; what an earlier demo left there is replaced
    #[arg(long, value_name = "DIR", default_value = "demo")]
    dir: PathBuf,
    /// How many rows the sample has
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    profiles: u64,
    /// What the sample's accidents follow from: the same seed gives the same file
    #[arg(long, value_name = "N", default_value_t = 2026)]
    seed: u64,
    /// Leave the sandbox running afterwards, to look at what arrived
    #[arg(long)]
    keep: bool,
}

pub(super) async fn demo(args: DemoArgs) -> Result<ExitCode, Failure> {
    let contents =
        prepare(&args).map_err(|error| Failure::failed(format!("{}: {error}", args.dir.display())))?;
    output::note(&format!(
        "sample:  {}: {} rows, {} without a valid e-mail, {} duplicates",
        args.dir.join("segments/vip/2026-11-23.csv").display(),
        grouped(contents.rows),
        grouped(contents.invalid),
        grouped(contents.duplicate),
    ));
    let sandbox = sandbox::start(sandbox::Options::default()).await.map_err(Failure::failed)?;
    output::note(&format!("sandbox: {} with Omnisend's limit of 400 requests a minute", sandbox.page()));

    let report = run(&args, &sandbox).await?;
    let arrived = contacts(&sandbox).await?;
    output::result(&text(&report));
    output::result(&format!(
        "  report:  {}",
        args.dir.join(Key::ReportHtml(report.run.clone()).to_string()).display()
    ));
    let counts = report.counts;
    let as_made = counts.planned().read == contents.rows
        && counts.planned().invalid == contents.invalid
        && counts.planned().duplicate == contents.duplicate
        && counts.settled().accepted == contents.valid
        && arrived == contents.valid;
    output::result(&format!(
        "the sandbox holds {} contacts; the sample has {} valid, unique ones: {}",
        grouped(arrived),
        grouped(contents.valid),
        if as_made { "as it should be" } else { "THEY DIFFER" }
    ));
    if args.keep {
        output::note(&format!("the sandbox stays at {} until Ctrl-C", sandbox.page()));
        tokio::signal::ctrl_c().await.map_err(Failure::failed)?;
    }
    sandbox.stop().await;
    Ok(if as_made { ExitCode::SUCCESS } else { ExitCode::from(exit::FAILED) })
}

/// Writes the state anew. Only what a demo writes is removed.
fn prepare(args: &DemoArgs) -> io::Result<sample::Contents> {
    for ours in ["connections", "exports", "segments", "runs", "locks"] {
        match fs::remove_dir_all(args.dir.join(ours)) {
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

async fn run(args: &DemoArgs, sandbox: &Running) -> Result<Report, Failure> {
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

/// How many contacts the sandbox holds, by its own word: a line each.
async fn contacts(sandbox: &Running) -> Result<u64, Failure> {
    let answer = reqwest::get(format!("{}_sandbox/contacts", sandbox.page())).await;
    let body = answer.map_err(Failure::failed)?.bytes().await.map_err(Failure::failed)?;
    Ok(lines(&body).count() as u64)
}
