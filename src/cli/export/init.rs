//! `export init`: a segment file looked at, and the export that it needs written.

mod destination;
mod local;
mod look;
mod said;

use std::{path::PathBuf, process::ExitCode};

use bytes::Bytes;
use clap::Args;

use self::destination::Destination;
use super::super::{StateArgs, exit::Failure, output, schema, session};
use crate::{
    contact::Field,
    keys::{ConnectionName, ExportName},
    ports::objects::{ObjectError, Objects as _, Put},
    propose::{Proposal, write},
    source::Charset,
};

#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(in crate::cli) struct InitArgs {
    /// The segment file to look at: its first 5,000 rows; or a folder of files, as a producer fills it
    #[arg(long, value_name = "FILE")]
    file: PathBuf,
    /// The table that is the segment, of a folder with a model.json
    #[arg(long)]
    table: Option<String>,
    /// The names of all columns in order, for a file without a header
    #[arg(long, value_name = "NAME,NAME,…", value_delimiter = ',')]
    columns: Vec<String>,
    /// How the file's text is encoded, where that is not certain
    #[arg(long, value_parser = Charset::named)]
    encoding: Option<Charset>,
    /// The export's name; without it, that of the file or of its folder under segments/
    #[arg(long)]
    name: Option<ExportName>,
    /// The connection that it sends through; without it, the only one there is
    #[arg(long)]
    connection: Option<ConnectionName>,
    #[command(flatten)]
    state: StateArgs,
    /// Print the export instead of writing it
    #[arg(long)]
    print: bool,
}

const AFTER_HELP: &str = "\
It writes exports/CONNECTION/NAME.toml and never replaces one. Columns become fields by their names, in English,
Japanese and other languages, if what is in them agrees. The rest is there as custom properties that you switch on.
Consent is never mapped. No value of the file is written anywhere: examples are masked.

Examples:
  omnisend-export export init --file segments/vip/2026-11-23.csv
  omnisend-export export init --file ~/Downloads/customers.csv --name vip --connection acme
  omnisend-export export init --file vip.csv --print";

pub(in crate::cli) async fn init(args: InitArgs) -> Result<ExitCode, Failure> {
    let objects = session::directory(&args.state.state)?;
    let to = Destination::choose(&objects, &args).await?;
    let (survey, reads) = look::look(&args, &to).await?;
    let proposal = Proposal::of(&survey);
    if proposal.fields.of(Field::Email).is_none() {
        return Err(Failure::usage(said::no_email(&args.file, &survey, &proposal)));
    }
    let text = write(&to.target(&reads), &survey, &proposal);
    if args.print {
        output::result(&text);
        return Ok(ExitCode::SUCCESS);
    }
    match objects.put(&(&to.key()).into(), Bytes::from(text), Put::IfAbsent).await {
        Err(ObjectError::AlreadyExists { .. }) => return Err(Failure::usage(to.is_taken())),
        written => written?,
    }
    schema::write(&objects).await?;
    output::result(&said::written(&to, &args, &survey, &proposal));
    Ok(ExitCode::SUCCESS)
}
