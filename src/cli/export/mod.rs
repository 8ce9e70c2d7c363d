//! `export`: set an export up, and look at what it makes of its file.

mod init;

use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::exit::Failure;

#[derive(Debug, Args)]
pub(super) struct ExportArgs {
    #[command(subcommand)]
    command: ExportCommand,
}

#[derive(Debug, Subcommand)]
enum ExportCommand {
    /// Look at a segment file, and write the export that it needs: which column is which field
    Init(init::InitArgs),
}

pub(super) async fn export(args: ExportArgs) -> Result<ExitCode, Failure> {
    match args.command {
        ExportCommand::Init(args) => init::init(args).await,
    }
}
