//! `export preview`: the first rows of an export's file beside the contacts that they become.

mod shown;

use std::{process::ExitCode, sync::Arc};

use clap::Args;

use super::super::{StateArgs, exit::Failure, output, session};
use crate::{
    config::load_export,
    contact::{mask_contact, masked},
    keys::ExportName,
    ports::clock::{Clock as _, SystemClock},
    stage::plan::{self, PreviewedRow},
};

#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(in crate::cli) struct PreviewArgs {
    /// The export: the name of exports/CONNECTION/EXPORT.toml
    export: ExportName,
    #[command(flatten)]
    state: StateArgs,
    /// How many rows to show
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..))]
    rows: u16,
    /// Show what is in the cells; without it, only its shape
    #[arg(long)]
    show_values: bool,
    /// Print the rows as JSON
    #[arg(long)]
    json: bool,
}

const AFTER_HELP: &str = "\
It reads the first rows of the file that a run would read now, asks Omnisend nothing, and writes nothing. Rows that
would not be sent are shown with the reason, and cells that are left out too.

Examples:
  omnisend-export export preview vip
  omnisend-export export preview vip --rows 20 --show-values
  omnisend-export export preview vip --json | jq '.[].contact'";

/// Leaves of each value its shape.
fn mask(row: &mut PreviewedRow) {
    for (_, cell) in row.cells.iter_mut().filter(|(_, cell)| !cell.is_empty()) {
        *cell = masked(cell);
    }
    if let Some(contact) = &mut row.contact {
        mask_contact(contact);
    }
}

pub(in crate::cli) async fn preview(args: PreviewArgs) -> Result<ExitCode, Failure> {
    let objects = session::directory(&args.state.state)?;
    let (_, export) = load_export(&objects, &args.export, SystemClock.now()).await?;
    let ports = super::ports(objects, &args.state.state);
    let mut rows = plan::preview(&ports, Arc::new(export), args.rows.into()).await?;
    if !args.show_values {
        rows.iter_mut().for_each(mask);
    }
    if args.json {
        output::result(&serde_json::to_string_pretty(&rows).map_err(Failure::failed)?);
    } else {
        output::result(&shown::text(&rows, output::width(), args.show_values));
    }
    Ok(ExitCode::SUCCESS)
}
