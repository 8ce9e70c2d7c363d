//! `export init`: reads a segment file, and writes an export for it.

mod args;
mod destination;
mod local_file;
mod messages;
mod survey;

use std::process::ExitCode;

use bytes::Bytes;

pub(in crate::cli::export) use self::args::InitArgs;
use self::destination::Destination;
use crate::{
    cli::{exit::Failure, local::directory, output, schema},
    contact::Field,
    ports::objects::{ObjectError, Objects as _, Put},
    propose::{Proposal, write},
};

pub(super) async fn init(args: InitArgs) -> Result<ExitCode, Failure> {
    let objects = directory(&args.state.state)?;
    let destination = Destination::choose(&objects, &args).await?;
    let (survey, reads) = survey::survey(&args, &destination).await?;
    let proposal = Proposal::of(&survey);
    if survey.undetected_delimiter().is_some() || proposal.fields.of(Field::Email).is_none() {
        return Err(Failure::usage(messages::no_email(&args.file, &survey, &proposal)));
    }
    let text = write(&destination.target(&reads), &survey, &proposal);
    if args.print {
        output::result(&text);
        return Ok(ExitCode::SUCCESS);
    }
    match objects.put(&(&destination.key()).into(), Bytes::from(text), Put::IfAbsent).await {
        Err(ObjectError::AlreadyExists { .. }) => return Err(Failure::usage(destination.already_exists())),
        written => written?,
    }
    schema::write(&objects).await?;
    output::result(&messages::written(&destination, &args, &survey, &proposal));
    Ok(ExitCode::SUCCESS)
}
