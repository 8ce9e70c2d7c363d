//! The arguments of `export init`.

use std::path::PathBuf;

use clap::Args;

use crate::{
    cli::args::StateArgs,
    keys::{ConnectionName, ExportName},
};
use segment_files::{Charset, Delimiter, InvalidDelimiter};

#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(in crate::cli::export) struct InitArgs {
    /// The segment file, or a folder that a producer wrote; the first 5,000 rows are read
    #[arg(long, value_name = "FILE")]
    pub file: PathBuf,
    /// The table to export, if the folder has a model.json
    #[arg(long)]
    pub table: Option<String>,
    /// The names of all columns in order, for a file without a header
    #[arg(long, value_name = "NAME,NAME,…", value_delimiter = ',')]
    pub columns: Vec<String>,
    /// The character between two cells, if it cannot be detected: "~", "tab"
    #[arg(long, value_name = "CHARACTER", value_parser = delimiter)]
    pub delimiter: Option<Delimiter>,
    /// The file's text encoding, if it cannot be detected
    #[arg(long, value_parser = Charset::named)]
    pub encoding: Option<Charset>,
    /// The export's name; by default the name of the file, or of its folder under segments/
    #[arg(long)]
    pub name: Option<ExportName>,
    /// The connection to send through; by default the only one
    #[arg(long)]
    pub connection: Option<ConnectionName>,
    #[command(flatten)]
    pub state: StateArgs,
    /// Print the export instead of writing it
    #[arg(long)]
    pub print: bool,
}

fn delimiter(text: &str) -> Result<Delimiter, InvalidDelimiter> {
    Delimiter::try_from(text.to_owned())
}

const AFTER_HELP: &str = "\
Writes exports/CONNECTION/NAME.toml, and never replaces an existing file. Columns are mapped to fields by their names, in \
English, Japanese and other languages, if their values fit. The other columns are listed as custom properties, switched \
off. Consent is never mapped. The export contains no values from the file: examples are masked.

Examples:
  omnisend-export export init --file segments/vip/2026-11-23.csv
  omnisend-export export init --file ~/Downloads/customers.csv --name vip --connection acme
  omnisend-export export init --file vip.csv --print";
