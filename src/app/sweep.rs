//! The sweep: what keeps runs going that nobody looks after, and finds drops whose event never came.

use jiff::{SignedDuration, Timestamp};

use super::{App, AppError, Ask, RunObjects, runs};
use crate::{
    config::{Connection, Export, LoadError, Segment, load_valid},
    keys::{Key, Location, RunRef},
    ports::objects::ObjectError,
    run::{RefusedDrop, State, Trigger},
    stage::{
        Records,
        drop::{DropError, Source, Sources, find_source},
        enqueue, enqueue_settlement,
        plan::PlanError,
    },
};

/// How old something must be before the sweep takes it for forgotten.
const FORGOTTEN: SignedDuration = SignedDuration::from_mins(10);

/// How long a run whose messages were sent may be silent: it may stand behind another run of its brand.
const SILENT: SignedDuration = SignedDuration::from_hours(1);

/// How often a run whose chunks are all sent is settled again.
const SETTLE_AGAIN: SignedDuration = SignedDuration::from_mins(4);

/// How old a drop may be that was missed. What is older was not missed just now; its run may be removed already,
/// as runs are after some months, and must not come back.
const TOO_OLD: SignedDuration = SignedDuration::from_hours(7 * 24);

/// What a sweep did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Swept {
    /// Runs whose messages were sent again.
    pub resumed: u32,
    /// Runs that were asked to settle.
    pub settling: u32,
    /// Runs that wait for a person.
    pub parked: u32,
    /// Drops that were found without a run, and were tried now.
    pub late_drops: u32,
    /// Of them, those whose run a guard stopped.
    pub stopped: u32,
    /// Drops that no run can be made of; `status` says why.
    pub refused_drops: u32,
    /// Runs and drops that could not be looked after; the log says why.
    pub failed: u32,
}

/// What a run needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Need {
    Nothing,
    Messages,
    Settlement,
}

/// What a run needs, by how it stands. Pure.
fn need(standing: &RunObjects, chunks: usize, now: Timestamp) -> Need {
    let age = now.duration_since(standing.last_written);
    if !standing.is_planned() || standing.is_reported() || standing.is_parked() {
        return Need::Nothing;
    }
    let all_sent = standing.receipts() >= chunks;
    match () {
        () if !standing.is_enqueued() && age >= FORGOTTEN => Need::Messages,
        () if (all_sent || standing.is_canceled()) && age >= SETTLE_AGAIN => Need::Settlement,
        () if age >= SILENT => Need::Messages,
        () => Need::Nothing,
    }
}

impl App {
    /// Looks after every run that is not finished.
    pub async fn sweep_runs(&self) -> Result<Swept, AppError> {
        let (ports, now) = (self.ports(), self.ports().clock.now());
        let records = Records::new(ports.objects.clone());
        let mut swept = Swept::default();
        for export in self.export_names().await? {
            for standing in runs(&*ports.objects, &export).await? {
                swept.parked += u32::from(standing.is_parked());
                // Cheap first: most runs are over.
                if standing.is_reported() || !standing.is_planned() {
                    continue;
                }
                if let Err(error) = self.look_after(&records, &standing, now, &mut swept).await {
                    let RunRef { export, run } = &standing.run;
                    tracing::error!(%export, %run, %error, "a run could not be looked after");
                    swept.failed += 1;
                }
            }
        }
        Ok(swept)
    }

    async fn look_after(
        &self,
        records: &Records,
        standing: &RunObjects,
        now: Timestamp,
        swept: &mut Swept,
    ) -> Result<(), AppError> {
        let Some(manifest) = &records.manifest(&standing.run).await? else { return Ok(()) };
        // The queue drops a repetition within five minutes: that is one for each sweep.
        let attempt = format!("-{}", now.as_second() / 300);
        match need(standing, manifest.chunks_to_send().count(), now) {
            Need::Nothing => {}
            Need::Messages => {
                let RunRef { export, run } = &standing.run;
                tracing::warn!(%export, %run, "the run stands still; sending its messages again");
                swept.resumed += 1;
                enqueue(self.ports(), manifest, &attempt).await?;
            }
            Need::Settlement => {
                swept.settling += 1;
                enqueue_settlement(self.ports(), manifest, &attempt).await?;
            }
        }
        Ok(())
    }

    /// Finds, of every export, a newest segment file that no run has read, and runs it.
    pub async fn sweep_drops(&self) -> Result<Swept, AppError> {
        let now = self.ports().clock.now();
        let mut swept = Swept::default();
        let (state, broken) = load_valid(&*self.ports().objects, now).await?;
        if let Some(error) = broken {
            tracing::error!(%error, "a configuration file is not valid; its exports were not looked after");
            swept.failed += 1;
        }
        for export in state.exports.into_values() {
            let Some(connection) = state.connections.get(export.connection()) else { continue };
            let name = export.name().clone();
            // The next export is another brand's, perhaps.
            if let Err(error) = self.run_late_drop(connection, export, now, &mut swept).await {
                tracing::error!(export = %name, %error, "a drop could not be looked after");
                let is_refused = matches!(&error, AppError::Plan(error) if matches!(**error, PlanError::Drop(DropError::Defect { .. })));
                *(if is_refused { &mut swept.refused_drops } else { &mut swept.failed }) += 1;
            }
        }
        Ok(swept)
    }

    async fn run_late_drop(
        &self,
        connection: &Connection,
        export: Export,
        now: Timestamp,
        swept: &mut Swept,
    ) -> Result<(), AppError> {
        let Some(sources) = self.late_drop(&export, now).await? else { return Ok(()) };
        let trigger = Trigger::Drop { objects: sources.completed_by() };
        let refused = Records::new(self.ports().objects.clone()).refused_drop(export.name()).await?;
        let given_up =
            |refused: RefusedDrop| refused.trigger == trigger && refused.attempts >= RefusedDrop::ATTEMPTS;
        if refused.is_some_and(given_up) {
            swept.refused_drops += 1;
            return Ok(());
        }
        swept.late_drops += 1;
        tracing::warn!(export = %export.name(), "a drop is late: it has no run yet; running it now");
        let ask = Ask { sources: Some(sources), ..Ask::default() };
        let started = self.start(connection.clone(), export, trigger, ask).await?;
        swept.stopped += u32::from(started.report.is_some_and(|report| report.state == State::Stopped));
        Ok(())
    }

    /// The drops that an export has missed, if it has any: of each of its segments, the newest.
    async fn late_drop(&self, export: &Export, now: Timestamp) -> Result<Option<Sources>, AppError> {
        let mut missed = Vec::new();
        for segment in export.segments() {
            missed.extend(self.late_drop_of(export, segment, now).await?);
        }
        Ok((!missed.is_empty()).then(|| Sources::of_drops(missed)))
    }

    async fn late_drop_of(
        &self,
        export: &Export,
        segment: &Segment,
        now: Timestamp,
    ) -> Result<Option<Source>, AppError> {
        let ports = self.ports();
        let is_late = |since: Timestamp| (FORGOTTEN..TOO_OLD).contains(&now.duration_since(since));
        let source = match find_source(ports, export, segment).await {
            Ok(source) => source,
            Err(DropError::Defect { defect, .. })
                if defect.is_absent() || defect.waits_since().is_some_and(|since| !is_late(since)) =>
            {
                return Ok(None);
            }
            Err(error) => return Err(error.into()),
        };
        let newest = &source.completed_by;
        if !is_late(newest.modified) {
            return Ok(None);
        }
        // What lay there before somebody wrote the export is no drop that was missed: nobody asked for it yet.
        let key = Key::Export(export.connection().clone(), export.name().clone());
        let written = ports.objects.head(&Location::from(&key)).await?.modified;
        // S3 counts in seconds: one that was dropped in the same second may have been meant for it.
        if newest.modified < written {
            return Ok(None);
        }
        let records = Records::new(ports.objects.clone());
        for standing in runs(&*ports.objects, export.name()).await?.into_iter().rev() {
            // A run begins after the drop that it reads; older ones need not be looked at.
            if standing.last_written < newest.modified {
                break;
            }
            let manifest = records.manifest(&standing.run).await?;
            if manifest.is_some_and(|m| m.dry_run.is_none() && m.is_of(newest)) {
                return Ok(None);
            }
        }
        Ok(Some(source))
    }

    async fn export_names(&self) -> Result<Vec<crate::keys::ExportName>, ObjectError> {
        let listed = self.ports().objects.list(&crate::keys::Prefix::Exports).await?;
        let mut names: Vec<_> = listed
            .iter()
            .filter_map(|object| match Key::parse_config(&object.location.key) {
                Some(Key::Export(_, export)) => Some(export),
                _ => None,
            })
            .collect();
        names.sort();
        names.dedup();
        Ok(names)
    }
}

impl From<PlanError> for AppError {
    fn from(error: PlanError) -> Self {
        Self::Plan(Box::new(error))
    }
}

impl From<DropError> for AppError {
    fn from(error: DropError) -> Self {
        Self::from(PlanError::from(error))
    }
}

impl From<ObjectError> for AppError {
    fn from(error: ObjectError) -> Self {
        Self::Config(LoadError::Objects(error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_needs_what_it_lacks_and_only_after_a_while() {
        let at: Timestamp = "2026-11-23T10:00:00Z".parse().unwrap();
        let run = RunRef { export: "vip".parse().unwrap(), run: "1".parse().unwrap() };
        let standing = |keys: &[Key]| RunObjects {
            run: run.clone(),
            last_written: at,
            objects: keys.iter().map(Location::from).collect(),
        };
        let after =
            |standing: &RunObjects, minutes: i64| need(standing, 3, at + SignedDuration::from_mins(minutes));
        let (planned, enqueued) = (Key::Manifest(run.clone()), Key::Enqueued(run.clone()));
        let waiting = [planned.clone(), enqueued];
        let with = |keys: Vec<Key>| standing(&[waiting.to_vec(), keys].concat());

        assert_eq!(after(&standing(&waiting), 30), Need::Nothing, "it may stand behind another run");
        assert_eq!(after(&standing(&waiting), 60), Need::Messages);
        let died = standing(&[planned]);
        assert_eq!(after(&died, 9), Need::Nothing, "its plan may be sending them now");
        assert_eq!(after(&died, 10), Need::Messages);
        let sent = with((0..3).map(|chunk| Key::Receipt(run.clone(), chunk)).collect());
        assert_eq!(after(&sent, 3), Need::Nothing);
        assert_eq!(after(&sent, 5), Need::Settlement);
        assert_eq!(after(&with(vec![Key::Canceled(run.clone())]), 5), Need::Settlement);
        for done in [
            with(vec![Key::ReportJson(run.clone())]),
            with(vec![Key::Parked(run.clone())]),
            standing(&[Key::Chunk(run.clone(), 0)]),
        ] {
            assert_eq!(after(&done, 10_000), Need::Nothing);
        }
    }
}
