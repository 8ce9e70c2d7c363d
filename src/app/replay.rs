//! Replaying a run: a parked one goes on; of one that is over, what did not arrive is sent again by a run of its own, as it
//! was, or as a file has it that somebody corrected.

use super::{App, AppError, Ask, RunObjects, runs};
use crate::{
    config::{Connection, Export, load_export},
    keys::{Location, Pinned, RunRef},
    ports::objects::ObjectError,
    run::{Manifest, Report, State, Trigger},
    stage::{
        Records,
        drop::{Corrections, Rejects, Sources, rejects_in},
        enqueue,
        plan::{FollowUp, replay},
    },
};

/// What became of a replay.
#[derive(Debug)]
pub enum Replayed {
    /// The run was parked, and goes on.
    Resumed,
    /// A run of its own sends again what did not arrive.
    Started(Box<Manifest>),
    /// There is such a run, and it is over already: a guard stopped it.
    Over(Box<Report>),
}

impl App {
    /// Replays a run. `trigger` tells this request from any other.
    pub async fn replay(
        &self,
        run: &RunRef,
        file: Option<&Location>,
        trigger: Trigger,
    ) -> Result<Replayed, AppError> {
        let ports = self.ports();
        let records = Records::new(ports.objects.clone());
        let of = self.existing(&records, run).await?;
        let is_parked = records.parked(run).await?.is_some();
        if is_parked && file.is_none() {
            self.resume(run).await?;
            return Ok(Replayed::Resumed);
        }
        let refused = |why: String| AppError::NotReplayed { run: run.clone(), why };
        if of.dry_run.is_some() || !of.stopped.is_empty() || of.undoes.is_some() {
            return Err(refused("it sent no contacts; run the export".to_owned()));
        }
        // A parked run has a report that says so, until it has gone on to its end.
        let is_over = |report: Report| !is_parked && report.state != State::Failed;
        if !records.report(run).await?.is_some_and(is_over) {
            return Err(refused("it is not over; wait for its report, or cancel it first".to_owned()));
        }
        let found = load_export(&*ports.objects, &run.export, ports.clock.now()).await?;
        match file {
            Some(file) => self.replay_corrected(run, file, found, trigger).await,
            None => self.replay_as_it_was(&of, found, trigger).await,
        }
    }

    async fn replay_corrected(
        &self,
        run: &RunRef,
        file: &Location,
        (connection, export): (Connection, Export),
        trigger: Trigger,
    ) -> Result<Replayed, AppError> {
        let refused = |why: String| AppError::NotReplayed { run: run.clone(), why };
        let file: Pinned = match self.ports().objects.head(file).await {
            Err(ObjectError::NotFound { .. }) => return Err(refused(format!("there is no file {file}"))),
            found => found?,
        };
        let at = file.location.clone();
        match rejects_in(&*self.ports().objects, &file).await? {
            Rejects::Of(of) if of == *run => {}
            Rejects::Of(of) => {
                return Err(refused(format!("{at} holds the rejects of run {of}: replay that one")));
            }
            Rejects::None | Rejects::Unclear => {
                return Err(refused(format!(
                    "{at} does not say in a column `reject_run` that it holds its rejects: keep that column as it is in \
                     rejects.csv, and save the file as CSV in UTF-8"
                )));
            }
        }
        let corrections = Corrections { file, of: run.run.clone() };
        let sources = Some(Sources::of_corrections(&export, corrections));
        let started = self.start(connection, export, trigger, Ask { sources, ..Ask::default() }).await?;
        Ok(match started.report {
            Some(report) => Replayed::Over(report),
            None => Replayed::Started(Box::new(started.manifest)),
        })
    }

    async fn replay_as_it_was(
        &self,
        of: &Manifest,
        (connection, export): (Connection, Export),
        trigger: Trigger,
    ) -> Result<Replayed, AppError> {
        let ports = self.ports();
        let refused = |why: &str| AppError::NotReplayed {
            run: of.run.clone(),
            why: format!("{why}; run the export instead: it sends what did not arrive, as it is now"),
        };
        if of.connection != *connection.name() || of.mapping != *export.mapping() || of.tags != export.tags()
        {
            return Err(refused("the export's connection, mapping or tags changed since"));
        }
        let records = Records::new(ports.objects.clone());
        // The same request may come again, at another time.
        let ending = trigger.id_ending(&of.run.export);
        let mut name = RunRef { run: trigger.run_id(&of.run.export), export: of.run.export.clone() };
        for later in runs(&*ports.objects, &of.run.export).await? {
            if later.run.run.as_str().ends_with(&ending) {
                name = later.run;
            } else if is_later(&records, &later, of).await? {
                // What it sent, or was to send, is newer.
                return Err(refused(&format!("run {} came after it", later.run.run)));
            }
        }
        let follow_up = FollowUp { of, run: name, trigger };
        let planned = replay(ports, &connection, &export, &follow_up).await?;
        let Some(manifest) = planned else {
            let why = "every contact of it arrived: there is nothing to send again".to_owned();
            return Err(AppError::NotReplayed { run: of.run.clone(), why });
        };
        if records.report(&manifest.run).await?.is_none() {
            enqueue(ports, &manifest, "").await?;
        }
        Ok(Replayed::Started(Box::new(manifest)))
    }
}

/// Whether a run was planned after another, and sends anything. Ids say no more than when its drop was written.
async fn is_later(records: &Records, standing: &RunObjects, of: &Manifest) -> Result<bool, AppError> {
    if standing.last_written < of.started_at || standing.run == of.run {
        return Ok(false);
    }
    let manifest = records.manifest(&standing.run).await?;
    Ok(manifest.is_some_and(|manifest| {
        manifest.started_at > of.started_at && manifest.dry_run.is_none() && manifest.stopped.is_empty()
    }))
}
