//! Replays a run. A parked run is resumed. For a run that is over, a follow-up run sends again what did not arrive, or
//! sends a corrected rejects file.

use bytes::Bytes;
use xxhash_rust::xxh3::xxh3_64;

use super::{
    attempt::Attempt,
    request::{RunOptions, RunRequest},
    start::TriggeredRun,
};
use crate::{
    app::{
        application::App,
        error::{AppError, ReplayRefusal},
    },
    keys::{Key, Location, Pinned, RunRef},
    ports::objects::{ObjectError, Put},
    run::{Manifest, Report, State},
    stage::{
        RunObjects,
        drop::{Corrections, Rejects, Sources, rejects_in},
        plan::{FollowUp, replay},
        runs,
    },
};

/// What a replay did.
#[derive(Debug)]
pub enum Replayed {
    /// The run was parked and was resumed.
    Resumed,
    /// A follow-up run was started.
    Started(Box<Manifest>),
    /// A guard stopped the follow-up run.
    Over(Box<Report>),
}

impl App {
    /// Replays a run, or sends the corrected rejects in `file`. A second call with the same `request` is the same
    /// replay.
    pub async fn replay(
        &self,
        run: &RunRef,
        file: Option<&Location>,
        request: String,
    ) -> Result<Replayed, AppError> {
        let records = self.records();
        let original = self.manifest(run).await?;
        let is_parked = records.parked(run).await?.is_some();
        if is_parked && file.is_none() {
            self.resume_parked(&original).await?;
            return Ok(Replayed::Resumed);
        }
        if !original.sends() || original.undoes.is_some() {
            return refuse(run, ReplayRefusal::SentNothing);
        }
        // A parked run has a report too, until it is resumed and ends.
        let is_over = |report: Report| !is_parked && report.state != State::Failed;
        if !records.report(run).await?.is_some_and(is_over) {
            return refuse(run, ReplayRefusal::NotOver);
        }
        let request = self.request(&run.export, request, RunOptions::default()).await?;
        match file {
            Some(file) => self.replay_corrected(run, file, request).await,
            None => self.replay_unchanged(&original, request).await,
        }
    }

    /// Resumes the unfinished replay of a run, and returns its manifest. With `file`, the replay of that file.
    pub async fn resume_replay(
        &self,
        run: &RunRef,
        file: Option<&Location>,
    ) -> Result<Option<Manifest>, AppError> {
        let is_it = |manifest: &Manifest| match file {
            Some(file) => {
                let reads_file = manifest.source.iter().any(|object| object.location == *file);
                manifest.corrects.as_ref() == Some(&run.run) && reads_file
            }
            None => manifest.replays.as_ref() == Some(&run.run),
        };
        self.resume_follow_up(&run.export, is_it).await
    }

    /// Stores a corrected rejects file beside its run. The same content always has the same location.
    pub async fn store_corrections(&self, run: &RunRef, content: Bytes) -> Result<Location, AppError> {
        let location = Location::from(&Key::Corrections(run.clone(), xxh3_64(&content)));
        match self.ports().objects.put(&location, content, Put::IfAbsent).await {
            Ok(()) | Err(ObjectError::AlreadyExists { .. }) => Ok(location),
            Err(error) => Err(error.into()),
        }
    }

    async fn replay_corrected(
        &self,
        run: &RunRef,
        location: &Location,
        request: RunRequest,
    ) -> Result<Replayed, AppError> {
        let file: Pinned = match self.ports().objects.head(location).await {
            Err(ObjectError::NotFound { .. }) => {
                return refuse(run, ReplayRefusal::NoFile { file: location.clone() });
            }
            found => found?,
        };
        let location = file.location.clone();
        match rejects_in(&*self.ports().objects, &file).await? {
            Rejects::Of(named) if named == *run => {}
            Rejects::Of(named) => {
                return refuse(run, ReplayRefusal::OtherRejects { file: location, run: named });
            }
            Rejects::None | Rejects::Unclear => {
                return refuse(run, ReplayRefusal::NoRejects { file: location });
            }
        }
        let corrections = Corrections { file, corrected: run.run.clone() };
        let sources = Some(Sources::of_corrections(&request.export, corrections));
        let started = self.start(RunRequest { sources, ..request }).await?;
        Ok(match started.report {
            Some(report) => Replayed::Over(report),
            None => Replayed::Started(Box::new(started.manifest)),
        })
    }

    /// Sends again what did not arrive, from the run's own chunks.
    async fn replay_unchanged(&self, original: &Manifest, request: RunRequest) -> Result<Replayed, AppError> {
        let ports = self.ports();
        let RunRequest { connection, export, trigger, .. } = request;
        if original.connection != *connection.name()
            || original.mapping != *export.mapping()
            || original.tags != export.tags()
        {
            return refuse(&original.run, ReplayRefusal::ExportChanged);
        }
        let existing = runs(&*ports.objects, export.name()).await?;
        let replaying = TriggeredRun::find(&trigger, export.name(), &existing);
        for later in existing.iter().filter(|later| later.run != replaying.run) {
            // That run sent, or will send, newer values.
            if self.is_later(later, original).await? {
                return refuse(&original.run, ReplayRefusal::Superseded { run: later.run.run.clone() });
            }
        }
        let follow_up = FollowUp { original, run: replaying.run, trigger };
        let planned = replay(ports, &connection, &export, &follow_up).await?;
        let Some(manifest) = planned else {
            return refuse(&original.run, ReplayRefusal::NothingLeft);
        };
        if !replaying.is_reported {
            self.enqueue(&manifest, &Attempt::first()).await?;
        }
        Ok(Replayed::Started(Box::new(manifest)))
    }

    /// Whether a run was planned after `original` and sends contacts. Run IDs do not show that: they contain the time
    /// of the drop.
    async fn is_later(&self, stored: &RunObjects, original: &Manifest) -> Result<bool, AppError> {
        if stored.last_written < original.started_at || stored.run == original.run {
            return Ok(false);
        }
        let manifest = self.records().manifest(&stored.run).await?;
        Ok(manifest.is_some_and(|manifest| manifest.started_at > original.started_at && manifest.sends()))
    }
}

fn refuse<T>(run: &RunRef, source: ReplayRefusal) -> Result<T, AppError> {
    Err(AppError::NotReplayable { run: run.clone(), source: Box::new(source) })
}
