//! `export preview`: shows the first rows of an export's file beside the contacts that they become.

mod shown;

use std::{process::ExitCode, sync::Arc};

use clap::Args;

use crate::{
    app::{self, PreviewedRow},
    cli::{args::StateArgs, exit::Failure, local, output},
    config::load_export,
    contact::{mask_contact, masked},
    keys::ExportName,
    ports::clock::{Clock as _, SystemClock},
    run::cautions,
};

#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct PreviewArgs {
    /// The export: the name of exports/CONNECTION/EXPORT.toml
    export: ExportName,
    #[command(flatten)]
    state: StateArgs,
    /// How many rows to show
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..))]
    rows: u16,
    /// Show the values of the cells; by default they are masked
    #[arg(long)]
    show_values: bool,
    /// Print the rows as JSON
    #[arg(long)]
    json: bool,
}

const AFTER_HELP: &str = "\
Reads the first rows of the file that a run would read now. Sends no request and writes nothing. Rows and cells that \
would not be sent are shown with the reason.

Examples:
  omnisend-export export preview vip
  omnisend-export export preview vip --rows 20 --show-values
  omnisend-export export preview vip --json | jq '.[].contact'";

/// Masks the values of a row and of its contact.
fn mask(row: &mut PreviewedRow) {
    for (_, cell) in row.cells.iter_mut().filter(|(_, cell)| !cell.is_empty()) {
        *cell = masked(cell);
    }
    if let Some(contact) = &mut row.contact {
        mask_contact(contact);
    }
}

pub(super) async fn preview(args: PreviewArgs) -> Result<ExitCode, Failure> {
    let objects = local::directory(&args.state.state)?;
    let (_, export) = load_export(&objects, &args.export, SystemClock.now()).await?;
    let ports = local::ports(objects, &args.state.state, None);
    let export = Arc::new(export);
    let mut rows = app::preview(&ports, Arc::clone(&export), args.rows.into()).await?;
    if !args.show_values {
        rows.iter_mut().for_each(mask);
    }
    if args.json {
        output::json(&rows)?;
    } else {
        output::result(&shown::text(&rows, output::width(), args.show_values));
        for caution in cautions(export.mapping().consent.email.is_some()) {
            output::note(caution);
        }
    }
    Ok(ExitCode::SUCCESS)
}
