//! `undo`: takes away exactly the tags that a run added.

use std::process::ExitCode;

use clap::Args;

use super::{
    earlier::{Earlier, EarlierArgs},
    exit::{self, Failure},
    lock::Lock,
    output, session,
};
use crate::{
    app::AppError,
    keys::{ExportName, RunId, RunRef},
};

#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct UndoArgs {
    /// The export
    export: ExportName,
    /// The run, as `status` and its report name it
    run: RunId,
    #[command(flatten)]
    earlier: EarlierArgs,
}

const AFTER_HELP: &str = "\
Only tags that the run itself added, and that nothing took away since, are taken from its contacts. What cannot be taken
back stays: fields and consent that it sent, and contacts that it made. The next run of the export gives everybody who is
in the segment their tag again.";

pub(super) async fn undo(args: UndoArgs) -> Result<ExitCode, Failure> {
    let earlier = Earlier::open(&args.earlier)?;
    let of = RunRef { export: args.export, run: args.run };
    let manifest = earlier.manifest(&of).await?;
    let _lock = Lock::take(&args.earlier.state.state, &manifest.connection)?;
    let begun = earlier.begun(&of.export, |begun| begun.undoes.as_ref() == Some(&of.run)).await?;
    let undoing = if let Some(begun) = begun {
        earlier.go_on(&begun).await?;
        begun.run
    } else {
        let trigger = session::call(&earlier.app);
        let undoing = earlier.app.undo(&of, trigger).await.map_err(|error| match error {
            AppError::NotUndone { .. } => Failure::usage(error),
            other => Failure::failed(other),
        })?;
        output::note(&format!("run {} undoes the tags of run {of}", undoing.run));
        undoing.run
    };
    let to_go_on = format!("it took only some of the tags. To go on, undo run {} again", of.run);
    Ok(exit::of(&*earlier.finish(undoing, &to_go_on).await?))
}
