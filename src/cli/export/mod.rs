//! `export`: sets up an export, and previews its contacts.

mod init;
mod preview;

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
    /// Write the export for a segment file: which column maps to which field
    Init(init::InitArgs),
    /// Show the first rows of an export's file beside the contacts that they become
    Preview(preview::PreviewArgs),
}

pub(super) async fn export(args: ExportArgs) -> Result<ExitCode, Failure> {
    match args.command {
        ExportCommand::Init(args) => init::init(args).await,
        ExportCommand::Preview(args) => preview::preview(args).await,
    }
}
