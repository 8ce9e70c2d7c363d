//! `undo`: removes exactly the tags that a run added.

use std::process::ExitCode;

use clap::Args;

use super::{args::ReportArgs, exit::Failure, interrupt, local::request_id, output, run::note_resumed};
use crate::keys::{ExportName, RunId, RunRef};

#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct UndoArgs {
    /// The export
    export: ExportName,
    /// The run, as named by `status` and by its report
    run: RunId,
    #[command(flatten)]
    report: ReportArgs,
}

const AFTER_HELP: &str = "\
Removes only tags that this run added and that nothing has removed since. Everything else stays: the fields and the \
consent that the run sent, and the contacts that it created. The next run of the export adds the tags again for everyone \
in the segment.";

pub(super) async fn undo(args: UndoArgs) -> Result<ExitCode, Failure> {
    let local = args.report.open()?;
    let app = &local.app;
    let original = RunRef { export: args.export, run: args.run };
    let _lock = local.lock(&app.manifest(&original).await?.connection)?;
    let undoing = if let Some(resumed) = app.resume_undo(&original).await? {
        note_resumed(&resumed);
        resumed.run
    } else {
        let started = app.undo(&original, request_id()).await?;
        output::note(&format!("run {} undoes the tags of run {original}", started.run));
        started.run
    };
    let to_resume =
        format!("some of the tags may be removed. To resume the undo, undo run {} again", original.run);
    let report = local.finish(&undoing, &interrupt::watch(), &to_resume).await?;
    args.report.show(&report, None)
}
