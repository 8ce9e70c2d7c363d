//! The command line, one file a command. It prints; nothing else does.

mod cancel;
mod connection;
mod demo;
mod earlier;
mod exit;
mod export;
mod interrupt;
mod lock;
mod output;
mod progress;
mod replay;
mod run;
mod sample;
mod sandbox;
mod schema;
mod session;
mod status;
mod time;
mod undo;
mod validate;

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, Parser, Subcommand};

use self::exit::Failure;

/// Exports customer segments to Omnisend.
///
/// A state directory holds everything: connections/CONNECTION.toml names an Omnisend brand,
/// exports/CONNECTION/EXPORT.toml says which segment goes there and how its columns map, and runs/ keeps what
/// became of every run. The API key is read from the file secrets/SECRET of the state directory (mode 0600), or
/// from the variable OMNISEND_API_KEY. OMNISEND_API_URL points at another server than Omnisend's, such as the
/// sandbox.
#[derive(Debug, Parser)]
#[command(name = "omnisend-export", version, max_term_width = 100, after_help = AFTER_HELP)]
struct Cli {
    #[command(subcommand)]
    command: Command,

    /// Log what happens to standard error; twice for every request.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    verbose: u8,
}

const AFTER_HELP: &str = "\
Exit codes:
  0  every row arrived, was there already, or stood twice
  1  the run failed, was stopped by a guard, or was interrupted
  2  the command or the configuration is wrong; nothing was sent
  3  the run ended, and some rows did not arrive: see its rejects

Examples:
  omnisend-export demo                     see the whole pipeline work, against the sandbox
  omnisend-export export init --file vip.csv   write the export that a segment file needs
  omnisend-export validate                 check every file of the state in this directory
  omnisend-export connection test acme     say whose brand it is, and what its key may do
  omnisend-export run vip --dry-run        say what a run would send, and send nothing
  omnisend-export run vip                  send it; run it again to go on where it stopped
  omnisend-export cancel vip               stop it, from another terminal";

#[derive(Debug, Subcommand)]
enum Command {
    /// Run an export: read its newest segment file, send its contacts, report what became of them
    Run(run::RunArgs),
    /// Stop a run; what was sent stays, and its report says how much that is
    Cancel(cancel::CancelArgs),
    /// Send again what did not arrive in a run, as it was or corrected
    Replay(replay::ReplayArgs),
    /// Take away the tags that a run added
    Undo(undo::UndoArgs),
    /// Say how an export's last runs stand
    Status(status::StatusArgs),
    /// Set an export up: propose one for a file, see what it makes of it
    Export(export::ExportArgs),
    /// Try a connection: its key, its brand, and what was found out about it
    Connection(connection::ConnectionArgs),
    /// Check every connection and export of a state, and say all that is wrong at once
    Validate(StateArgs),
    /// Serve an Omnisend stand-in on this machine, with its rules, limits and faults
    Sandbox(sandbox::SandboxArgs),
    /// Show the whole pipeline: a messy sample segment, exported into a sandbox
    Demo(demo::DemoArgs),
}

/// Where the state is.
#[derive(Debug, Clone, Args)]
struct StateArgs {
    /// The state directory
    #[arg(long, value_name = "DIR", default_value = ".")]
    state: PathBuf,
}

/// Runs the command that the arguments name.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    output::log(cli.verbose);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return Failure::failed(error).report(),
    };
    let result = runtime.block_on(async {
        match cli.command {
            Command::Run(args) => run::run(args).await,
            Command::Cancel(args) => cancel::cancel(args).await,
            Command::Replay(args) => Box::pin(replay::replay(args)).await,
            Command::Undo(args) => undo::undo(args).await,
            Command::Status(args) => status::status(args).await,
            Command::Connection(args) => connection::connection(args).await,
            Command::Export(args) => export::export(args).await,
            Command::Validate(args) => validate::validate(args).await,
            Command::Sandbox(args) => sandbox::sandbox(args).await,
            Command::Demo(args) => demo::demo(args).await,
        }
    });
    // A thread that still reads a file is not waited for.
    runtime.shutdown_background();
    result.unwrap_or_else(|failure| failure.report())
}
