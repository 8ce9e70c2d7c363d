//! The command line: one file per command. No other module prints to the terminal.

mod args;
mod cancel;
mod connection;
mod demo;
mod exit;
mod export;
mod interrupt;
mod local;
mod lock;
mod output;
mod progress;
mod replay;
mod run;
mod sample;
mod sandbox;
mod schema;
mod status;
mod time;
mod undo;
mod validate;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use self::{args::StateArgs, exit::Failure};

/// Syncs customer segments to Omnisend.
///
/// A state directory holds everything: connections/CONNECTION.toml names an Omnisend brand,
/// exports/CONNECTION/EXPORT.toml maps the columns of a segment to contacts of that brand, and runs/ holds the
/// reports. The API key is read from secrets/SECRET in the state directory (file mode 0600) or from the environment
/// variable OMNISEND_API_KEY. Set OMNISEND_API_URL to use another server, such as the sandbox.
#[derive(Debug, Parser)]
#[command(name = "omnisend-export", version, max_term_width = 100, after_help = AFTER_HELP)]
struct Cli {
    #[command(subcommand)]
    command: Command,

    /// Log to standard error; repeat it to log every request
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    verbose: u8,
}

const AFTER_HELP: &str = "\
Exit codes:
  0  every row was sent, unchanged or a duplicate
  1  the run failed, was canceled or interrupted, or was stopped by a guard
  2  the command or the configuration is wrong; nothing was sent
  3  the run ended, and some rows did not arrive: see its rejects

Examples:
  omnisend-export demo                         watch a whole run, against the sandbox
  omnisend-export export init --file vip.csv   write the export for a segment file
  omnisend-export validate                     check all configuration files in this directory
  omnisend-export connection test acme         show the brand, and what the API key may do
  omnisend-export run vip --dry-run            show what a run would send, and send nothing
  omnisend-export run vip                      send it; run it again to resume it
  omnisend-export cancel vip                   stop it, from another terminal";

#[derive(Debug, Subcommand)]
enum Command {
    /// Run an export: read its newest files, send the contacts and report their outcomes
    Run(run::RunArgs),
    /// Stop a run; what was sent stays in Omnisend and is in the report
    Cancel(cancel::CancelArgs),
    /// Send again what did not arrive in a run, unchanged or corrected
    Replay(replay::ReplayArgs),
    /// Remove the tags that a run added
    Undo(undo::UndoArgs),
    /// Show the status of an export's last runs
    Status(status::StatusArgs),
    /// Set up an export: propose one for a file, or preview its contacts
    Export(export::ExportArgs),
    /// Test a connection: its API key, its brand, and the findings about the brand
    Connection(connection::ConnectionArgs),
    /// Check all connections and exports in a state directory, and list every problem at once
    Validate(StateArgs),
    /// Start a stand-in for Omnisend on this machine, with its documented rules and limits
    Sandbox(sandbox::SandboxArgs),
    /// Send a messy sample segment to a sandbox, to see a whole run
    Demo(demo::DemoArgs),
}

/// Runs the command that the arguments name.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    output::log(cli.verbose);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&Failure::failed(error)),
    };
    let result = runtime.block_on(async {
        match cli.command {
            Command::Run(args) => Box::pin(run::run(args)).await,
            Command::Cancel(args) => Box::pin(cancel::cancel(args)).await,
            Command::Replay(args) => Box::pin(replay::replay(args)).await,
            Command::Undo(args) => Box::pin(undo::undo(args)).await,
            Command::Status(args) => status::status(args).await,
            Command::Connection(args) => connection::connection(args).await,
            Command::Export(args) => export::export(args).await,
            Command::Validate(args) => validate::validate(args).await,
            Command::Sandbox(args) => sandbox::sandbox(args).await,
            Command::Demo(args) => Box::pin(demo::demo(args)).await,
        }
    });
    // Does not wait for a thread that is still reading a file.
    runtime.shutdown_background();
    result.unwrap_or_else(|failure| fail(&failure))
}

fn fail(failure: &Failure) -> ExitCode {
    output::error(&failure.to_string());
    failure.exit_code()
}
