//! `replay`: sends again what did not arrive in a run, either unchanged or from a corrected rejects file.

use std::{path::PathBuf, process::ExitCode};

use clap::Args;

use super::{args::ReportArgs, exit::Failure, interrupt, local::request_id, output, run::note_resumed};
use crate::{
    app::Replayed,
    keys::{ExportName, RunId, RunRef},
};

#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct ReplayArgs {
    /// The export
    export: ExportName,
    /// The run, as named by `status` and by its report
    run: RunId,
    /// The run's corrected rejects.csv; only its rows are sent
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    #[command(flatten)]
    report: ReportArgs,
}

const AFTER_HELP: &str = "\
Without --file, contacts that Omnisend rejected or whose outcome is unknown are sent again unchanged; a parked run is \
resumed. With --file, its rows are sent as the export maps them now: change cells, remove rows, and leave the columns \
whose names begin with `reject_` as they are. Contacts that are not in the file do not change.";

pub(super) async fn replay(args: ReplayArgs) -> Result<ExitCode, Failure> {
    let local = args.report.open()?;
    let app = &local.app;
    let original = RunRef { export: args.export, run: args.run };
    let _lock = local.lock(&app.manifest(&original).await?.connection)?;
    let file = match &args.file {
        Some(path) => {
            let content = std::fs::read(path)
                .map_err(|error| Failure::usage(format!("{}: cannot be read: {error}", path.display())))?;
            Some(app.store_corrections(&original, content.into()).await?)
        }
        None => None,
    };
    let replaying = if let Some(resumed) = app.resume_replay(&original, file.as_ref()).await? {
        note_resumed(&resumed);
        resumed.run
    } else {
        match app.replay(&original, file.as_ref(), request_id()).await? {
            Replayed::Resumed => original.clone(),
            Replayed::Started(manifest) => {
                output::note(&format!("run {} replays run {original}", manifest.run));
                manifest.run
            }
            Replayed::Over(report) => return args.report.show(&report, None),
        }
    };
    app.announce(&app.manifest(&replaying).await?).await?;
    let to_resume =
        format!("the state keeps what was sent. To resume it, replay run {} in the same way", original.run);
    let report = local.finish(&replaying, &interrupt::watch(), &to_resume).await?;
    args.report.show(&report, None)
}
