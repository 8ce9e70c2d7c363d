//! `replay`: sends again what did not arrive in a run, as it was or as a file has it that somebody corrected.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use bytes::Bytes;
use clap::Args;
use xxhash_rust::xxh3::xxh3_64;

use super::{
    earlier::{Earlier, EarlierArgs},
    exit::{self, Failure},
    lock::Lock,
    output, session,
};
use crate::{
    app::{App, AppError, Replayed},
    keys::{ExportName, Key, Location, RunId, RunRef},
    ports::objects::{ObjectError, Put},
    run::Manifest,
};

#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct ReplayArgs {
    /// The export
    export: ExportName,
    /// The run, as `status` and its report name it
    run: RunId,
    /// Its rejects.csv, corrected: only the rows of this file are sent
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    #[command(flatten)]
    earlier: EarlierArgs,
}

const AFTER_HELP: &str = "\
Without a file, the contacts that Omnisend rejected, and those of which nobody can tell, are sent again as they were; a run
that waits for a person goes on. With a file, its rows are sent as the export maps them now: change cells, remove rows, and
leave the columns that begin with `reject_` as they are. Nobody who is not in the file is touched.";

pub(super) async fn replay(args: ReplayArgs) -> Result<ExitCode, Failure> {
    let earlier = Earlier::open(&args.earlier)?;
    let of = RunRef { export: args.export, run: args.run };
    let manifest = earlier.manifest(&of).await?;
    let _lock = Lock::take(&args.earlier.state.state, &manifest.connection)?;
    let file = match &args.file {
        Some(file) => Some(keep(&earlier.app, &of, file).await?),
        None => None,
    };
    let begun = earlier.begun(&of.export, |begun| replays(begun, &of, file.as_ref())).await?;
    let replaying = if let Some(begun) = begun {
        earlier.go_on(&begun).await?;
        begun.run
    } else {
        let trigger = session::call(&earlier.app);
        let replayed =
            earlier.app.replay(&of, file.as_ref(), trigger).await.map_err(|error| match error {
                AppError::NotReplayed { .. } => Failure::usage(error),
                AppError::Plan(error) => Failure::from(*error),
                AppError::Config(error) => Failure::from(error),
                other => Failure::failed(other),
            })?;
        match replayed {
            Replayed::Resumed => of.clone(),
            Replayed::Started(manifest) => {
                output::note(&format!("run {} replays run {of}", manifest.run));
                manifest.run
            }
            Replayed::Over(report) => return earlier.show(&report),
        }
    };
    session::announce(&earlier.app, &earlier.manifest(&replaying).await?).await?;
    let to_go_on = format!("what was sent is kept. To go on, replay run {} again in the same way", of.run);
    Ok(exit::of(&*earlier.finish(replaying, &to_go_on).await?))
}

/// Keeps a file beside the run that it corrects, and answers with where: the same file always in the same place.
async fn keep(app: &App, of: &RunRef, file: &Path) -> Result<Location, Failure> {
    let bytes = std::fs::read(file)
        .map_err(|error| Failure::usage(format!("{}: cannot be read: {error}", file.display())))?;
    let at = Location::from(&Key::Corrections(of.clone(), xxh3_64(&bytes)));
    match app.ports().objects.put(&at, Bytes::from(bytes), Put::IfAbsent).await {
        Ok(()) | Err(ObjectError::AlreadyExists { .. }) => Ok(at),
        Err(error) => Err(error.into()),
    }
}

/// Whether a run replays this one, over this file.
fn replays(run: &Manifest, of: &RunRef, file: Option<&Location>) -> bool {
    match file {
        Some(file) => {
            run.corrects.as_ref() == Some(&of.run) && run.source.iter().any(|object| object.location == *file)
        }
        None => run.replays.as_ref() == Some(&of.run),
    }
}
