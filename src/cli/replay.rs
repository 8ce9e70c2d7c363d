//! `replay`: sends again what did not arrive in a run, as it was or as a file has it that somebody corrected.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use bytes::Bytes;
use clap::Args;
use jiff::SignedDuration;
use xxhash_rust::xxh3::xxh3_64;

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
    app::{App, AppError, Replayed, runs},
    config::Environment,
    ports::objects::{ObjectError, Put},
    run::{ExportName, Key, Location, Manifest, RunId, RunRef, Trigger},
    stage::{Records, plan::enqueue},
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
    state: StateArgs,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
    /// How long Omnisend may take to finish what was sent, before it counts as unknown
    #[arg(long, value_name = "TIME", value_parser = time, default_value = "1h")]
    give_up_after: SignedDuration,
}

const AFTER_HELP: &str = "\
Without a file, the contacts that Omnisend rejected, and those of which nobody can tell, are sent again as they were; a run
that waits for a person goes on. With a file, its rows are sent as the export maps them now: change cells, remove rows, and
leave the columns that begin with `reject_` as they are. Nobody who is not in the file is touched.";

pub(super) async fn replay(args: ReplayArgs) -> Result<ExitCode, Failure> {
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
    let file = match &args.file {
        Some(file) => Some(keep(&app, &of, file).await?),
        None => None,
    };
    let replaying = if let Some(begun) = begun(&app, &of, file.as_ref()).await? {
        output::note(&format!("going on with run {}, which was interrupted", begun.run));
        let attempt = format!("-{}", app.ports().clock.now().as_second());
        enqueue(app.ports(), &begun, &attempt).await?;
        begun.run
    } else {
        let request = uuid::Uuid::new_v4().to_string();
        let trigger = Trigger::Call { at: app.ports().clock.now(), request };
        let replayed = app.replay(&of, file.as_ref(), trigger).await.map_err(|error| match error {
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
            Replayed::Over(report) => {
                show(&report, state, args.json)?;
                return Ok(exit::of(&report));
            }
        }
    };
    let stop = interrupt::watch();
    match session::pump(&app, &queue, &stop, replaying).await? {
        End::Finished(report) => {
            show(&report, state, args.json)?;
            Ok(exit::of(&report))
        }
        End::Interrupted(run) => Err(Failure::failed(format!(
            "run {run} was interrupted; what was sent is kept. To go on, replay run {} again in the same way",
            of.run
        ))),
    }
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

/// A replay of this run, over this file, that was begun and is not over.
async fn begun(app: &App, of: &RunRef, file: Option<&Location>) -> Result<Option<Manifest>, Failure> {
    let records = Records::new(app.ports().objects.clone());
    for standing in runs(&*app.ports().objects, &of.export).await?.into_iter().rev() {
        if standing.is_over() || standing.is_canceled() || standing.is_parked() {
            continue;
        }
        let Some(manifest) = records.manifest(&standing.run).await? else { continue };
        let is_it = match file {
            Some(file) => {
                manifest.corrects.as_ref() == Some(&of.run)
                    && manifest.source.iter().any(|object| object.location == *file)
            }
            None => manifest.replays.as_ref() == Some(&of.run),
        };
        if is_it {
            return Ok(Some(manifest));
        }
    }
    Ok(None)
}
