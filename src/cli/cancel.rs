//! `cancel`: stops a run, from any terminal.

use std::process::ExitCode;

use clap::Args;

use super::{args::ReportArgs, exit::Failure, interrupt, output};
use crate::keys::{ExportName, RunId};

#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct CancelArgs {
    /// The export
    export: ExportName,
    /// The run; by default the newest unfinished one
    run: Option<RunId>,
    #[command(flatten)]
    report: ReportArgs,
}

const AFTER_HELP: &str = "\
If another process sends the run, that process stops at its next batch, within seconds, asks Omnisend for the outcome of \
what it sent, and writes the report. Otherwise this command does that. Contacts that arrived stay in Omnisend.";

pub(super) async fn cancel(args: CancelArgs) -> Result<ExitCode, Failure> {
    let local = args.report.open()?;
    let app = &local.app;
    let manifest = app.unfinished(&args.export, args.run.as_ref()).await?;
    app.cancel(&manifest.run).await?;
    output::note(&format!("run {} is canceled", manifest.run));
    let Some(_lock) = local.lock_if_free(&manifest.connection)? else {
        output::note(&format!(
            "another process posts to connection `{}`: if it sends this run, it stops within seconds and writes the \
             report; if it sends another run, cancel again when that run is over, to get the report",
            manifest.connection
        ));
        return Ok(ExitCode::SUCCESS);
    };
    app.settle_canceled(&manifest).await?;
    let to_resume = "it is canceled, but its report is not written yet: cancel it again";
    let report = local.finish(&manifest.run, &interrupt::watch(), to_resume).await?;
    args.report.show(&report, None)?;
    Ok(ExitCode::SUCCESS)
}
