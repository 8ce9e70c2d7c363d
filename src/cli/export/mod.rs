//! `export`: set an export up, and look at what it makes of its file.

mod init;
mod preview;

use std::{path::Path, process::ExitCode, sync::Arc};

use clap::{Args, Subcommand};

use super::exit::Failure;
use crate::ports::{
    Ports,
    clock::SystemClock,
    objects::Directory,
    queue::{MemoryQueue, Settings},
    secrets::LocalSecrets,
};

#[derive(Debug, Args)]
pub(super) struct ExportArgs {
    #[command(subcommand)]
    command: ExportCommand,
}

#[derive(Debug, Subcommand)]
enum ExportCommand {
    /// Look at a segment file, and write the export that it needs: which column is which field
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

/// What reading a drop takes: objects, and nothing that is sent.
fn ports(objects: Directory, state: &Path) -> Ports {
    Ports {
        objects: Arc::new(objects),
        queue: Arc::new(MemoryQueue::new(Settings::default())),
        secrets: Arc::new(LocalSecrets::new(state.join("secrets"), None)),
        clock: Arc::new(SystemClock),
    }
}
