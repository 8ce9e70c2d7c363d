//! `cancel`: stops a run, from any terminal. What was sent stays, and the report says how much that is.

use std::{process::ExitCode, sync::Arc};

use clap::Args;
use jiff::SignedDuration;

use super::{
    StateArgs,
    exit::Failure,
    interrupt,
    lock::Lock,
    output,
    run::{observer, show},
    session::{self, End},
    time::time,
};
use crate::{
    app::{App, runs},
    config::Environment,
    run::{ExportName, Manifest, RunId},
    stage::{Records, plan::enqueue_settlement},
};

#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct CancelArgs {
    /// The export
    export: ExportName,
    /// The run; else the newest that is not over
    run: Option<RunId>,
    #[command(flatten)]
    state: StateArgs,
    /// Print the report as JSON, where no other process is to write it
    #[arg(long)]
    json: bool,
    /// How long Omnisend may take to finish what was sent, before it counts as unknown
    #[arg(long, value_name = "TIME", value_parser = time, default_value = "1h")]
    give_up_after: SignedDuration,
}

const AFTER_HELP: &str = "\
A process that sends the run stops at its next batch, within seconds, asks Omnisend what became of what it had sent, and
writes the report. Where no process sends it, this one does that. Contacts that arrived stay in Omnisend.";

pub(super) async fn cancel(args: CancelArgs) -> Result<ExitCode, Failure> {
    let environment = Environment::read()?;
    let state = &args.state.state;
    let objects = Arc::new(session::directory(state)?);
    let (app, queue) = session::app(state, objects, &environment, observer(args.json), args.give_up_after);
    let manifest = unfinished(&app, &args).await?;
    app.cancel(&manifest.run).await.map_err(Failure::failed)?;
    output::note(&format!("run {} is canceled", manifest.run));
    let Some(_lock) = Lock::take_if_free(state, &manifest.connection)? else {
        output::note(&format!(
            "another process posts to connection `{}`: if it sends this run, it stops within seconds and writes its \
             report; if it sends another, cancel again when it is over, to have the report",
            manifest.connection
        ));
        return Ok(ExitCode::SUCCESS);
    };
    let attempt = format!("-{}", app.ports().clock.now().as_second());
    enqueue_settlement(app.ports(), &manifest, &attempt).await?;
    let stop = interrupt::watch();
    match session::pump(&app, &queue, &stop, manifest.run).await? {
        End::Finished(report) => {
            show(&report, state, args.json)?;
            Ok(ExitCode::SUCCESS)
        }
        End::Interrupted(run) => Err(Failure::failed(format!(
            "run {run} is canceled, and its report is not written yet: cancel again for that"
        ))),
    }
}

/// The run that is asked for, or the newest, which must not be over.
async fn unfinished(app: &App, args: &CancelArgs) -> Result<Manifest, Failure> {
    let records = Records::new(app.ports().objects.clone());
    for standing in runs(&*app.ports().objects, &args.export).await?.into_iter().rev() {
        if args.run.as_ref().is_some_and(|run| standing.run.run != *run) {
            continue;
        }
        let Some(manifest) = records.manifest(&standing.run).await? else { continue };
        if !standing.is_over() && manifest.dry_run.is_none() {
            return Ok(manifest);
        }
        if args.run.is_some() {
            return Err(Failure::usage(format!("run {} is over: there is nothing to cancel", standing.run)));
        }
    }
    Err(Failure::usage(match &args.run {
        Some(run) => {
            format!("export `{}` has no run {run}; `status` lists those that there are", args.export)
        }
        None => format!("no run of export `{}` is under way: there is nothing to cancel", args.export),
    }))
}
