//! `undo`: takes away exactly the tags that a run added.

use std::{process::ExitCode, sync::Arc};

use clap::Args;
use jiff::SignedDuration;

use super::{
    StateArgs,
    exit::{self, Failure},
    interrupt,
    lock::Lock,
    output,
    run::{observer, show},
    session::{self, End},
    time::time,
};
use crate::{
    app::AppError,
    config::Environment,
    run::{ExportName, RunId, RunRef, Trigger},
    stage::Records,
};

#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct UndoArgs {
    /// The export
    export: ExportName,
    /// The run, as `status` and its report name it
    run: RunId,
    #[command(flatten)]
    state: StateArgs,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
    /// How long Omnisend may be waited for
    #[arg(long, value_name = "TIME", value_parser = time, default_value = "1h")]
    give_up_after: SignedDuration,
}

const AFTER_HELP: &str = "\
Only tags that the run itself added, and that nothing took away since, are taken from its contacts. What cannot be taken
back stays: fields and consent that it sent, and contacts that it made. The next run of the export gives everybody who is
in the segment their tag again.";

pub(super) async fn undo(args: UndoArgs) -> Result<ExitCode, Failure> {
    let environment = Environment::read()?;
    let state = &args.state.state;
    let objects = Arc::new(session::directory(state)?);
    let (app, queue) = session::app(state, objects, &environment, observer(args.json), args.give_up_after);
    let of = RunRef { export: args.export.clone(), run: args.run.clone() };
    let records = Records::new(app.ports().objects.clone());
    let Some(manifest) = records.manifest(&of).await? else {
        return Err(Failure::usage(format!(
            "export `{}` has no run {}; `status` lists those that there are",
            args.export, args.run
        )));
    };
    let _lock = Lock::take(state, &manifest.connection)?;
    let trigger = Trigger::Call { at: app.ports().clock.now(), request: uuid::Uuid::new_v4().to_string() };
    let undoing = app.undo(&of, trigger).await.map_err(|error| match error {
        AppError::NotUndone { .. } => Failure::usage(error),
        other => Failure::failed(other),
    })?;
    output::note(&format!("run {} undoes the tags of run {}", undoing.run, of));
    let stop = interrupt::watch();
    match session::pump(&app, &queue, &stop, undoing.run).await? {
        End::Finished(report) => {
            show(&report, state, args.json)?;
            Ok(exit::of(&report))
        }
        End::Interrupted(run) => Err(Failure::failed(format!(
            "run {run} was interrupted, and took only some of the tags; undo run {} again to go on",
            of.run
        ))),
    }
}
