//! `cancel`: stops a run, from any terminal. What was sent stays, and the report says how much that is.

use std::process::ExitCode;

use clap::Args;

use super::{
    earlier::{Earlier, EarlierArgs, no_run},
    exit::Failure,
    lock::Lock,
    output,
};
use crate::{
    app::runs,
    keys::{ExportName, RunId},
    run::Manifest,
};

#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct CancelArgs {
    /// The export
    export: ExportName,
    /// The run; else the newest that is not over
    run: Option<RunId>,
    #[command(flatten)]
    earlier: EarlierArgs,
}

const AFTER_HELP: &str = "\
A process that sends the run stops at its next batch, within seconds, asks Omnisend what became of what it had sent, and
writes the report. Where no process sends it, this one does that. Contacts that arrived stay in Omnisend.";

pub(super) async fn cancel(args: CancelArgs) -> Result<ExitCode, Failure> {
    let earlier = Earlier::open(&args.earlier)?;
    let manifest = unfinished(&earlier, &args).await?;
    earlier.app.cancel(&manifest.run).await.map_err(Failure::failed)?;
    output::note(&format!("run {} is canceled", manifest.run));
    let Some(_lock) = Lock::take_if_free(&args.earlier.state.state, &manifest.connection)? else {
        output::note(&format!(
            "another process posts to connection `{}`: if it sends this run, it stops within seconds and writes its \
             report; if it sends another, cancel again when it is over, to have the report",
            manifest.connection
        ));
        return Ok(ExitCode::SUCCESS);
    };
    earlier.settle(&manifest).await?;
    let to_go_on = "it is canceled, and its report is not written yet: cancel again for that";
    earlier.finish(manifest.run, to_go_on).await?;
    Ok(ExitCode::SUCCESS)
}

/// The run that is asked for, or the newest, which must not be over.
async fn unfinished(earlier: &Earlier<'_>, args: &CancelArgs) -> Result<Manifest, Failure> {
    for standing in runs(&**earlier.records.objects(), &args.export).await?.into_iter().rev() {
        if args.run.as_ref().is_some_and(|run| standing.run.run != *run) {
            continue;
        }
        let Some(manifest) = earlier.records.manifest(&standing.run).await? else { continue };
        if !standing.is_over() && manifest.dry_run.is_none() {
            return Ok(manifest);
        }
        if args.run.is_some() {
            return Err(Failure::usage(format!("run {} is over: there is nothing to cancel", standing.run)));
        }
    }
    Err(match &args.run {
        Some(run) => no_run(&args.export, run),
        None => Failure::usage(format!(
            "no run of export `{}` is under way: there is nothing to cancel",
            args.export
        )),
    })
}
