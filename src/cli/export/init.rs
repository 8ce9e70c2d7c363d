//! `export init`: a segment file looked at, and the export that it needs written.

mod destination;
mod local;
mod said;

use std::{path::PathBuf, process::ExitCode};

use bytes::Bytes;
use clap::Args;

use self::{destination::Destination, local::LocalFile};
use super::super::{StateArgs, exit::Failure, output, session};
use crate::{
    contact::Field,
    ports::objects::{ObjectError, Objects as _, Put},
    propose::{Proposal, Survey, write},
    run::{ConnectionName, ExportName},
    source::{self, Reading},
};

#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(in crate::cli) struct InitArgs {
    /// The segment file to look at: its first 5,000 rows
    #[arg(long, value_name = "FILE")]
    file: PathBuf,
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
    let file = args.file.clone();
    let survey = tokio::task::spawn_blocking(move || look_at(&file)).await.map_err(Failure::failed)??;
    let proposal = Proposal::of(&survey);
    if proposal.fields.of(Field::Email).is_none() {
        return Err(Failure::usage(said::no_email(&args.file, &survey, &proposal)));
    }
    let text = write(&to.place(), &survey, &proposal);
    if args.print {
        output::result(&text);
        return Ok(ExitCode::SUCCESS);
    }
    match objects.put(&(&to.key()).into(), Bytes::from(text), Put::IfAbsent).await {
        Err(ObjectError::AlreadyExists { .. }) => return Err(Failure::usage(to.is_taken())),
        written => written?,
    }
    output::result(&said::written(&to, &args, &survey, &proposal));
    Ok(ExitCode::SUCCESS)
}

fn look_at(path: &std::path::Path) -> Result<Survey, Failure> {
    let of_file = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let file = LocalFile::open(path).map_err(|error| Failure::usage(of_file(&error)))?;
    let refuse = |error: source::SourceError| Failure::usage(of_file(&error));
    let mut rows = source::open(&file, &Reading::default(), &[]).map_err(refuse)?;
    if Survey::header_is_a_row(rows.header()) {
        return Err(Failure::usage(of_file(
            &"its first row seems to be data, and not the names of the columns; write the file with a header \
              (in Redshift: UNLOAD … HEADER)",
        )));
    }
    let survey = Survey::read(&mut *rows).map_err(refuse)?;
    if survey.rows == 0 {
        return Err(Failure::usage(of_file(&"it has no rows to look at; take a file with some")));
    }
    Ok(survey)
}
