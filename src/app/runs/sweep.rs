//! The sweep: resumes runs that no process is working on, and starts the runs of late drops.

use jiff::Timestamp;

use super::{attempt::Attempt, request::Runnable};
use crate::{
    app::{application::App, error::AppError},
    config::load_valid,
    keys::{ExportName, Key, Prefix, RunRef},
    ports::objects::ObjectError,
    retry_policies::sweep::{FORGOTTEN, SETTLE_AGAIN, SILENT},
    run::{RefusedDrop, State},
    stage::{RunObjects, runs},
};

/// What a sweep did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Swept {
    /// Runs whose messages were sent again.
    pub resumed: u32,
    /// Runs whose settlement was sent again.
    pub settling: u32,
    pub parked: u32,
    /// Late drops whose run was started now.
    pub late_drops: u32,
    /// Late drops whose run was stopped by a guard.
    pub stopped: u32,
    /// Drops that cannot be run; `status` says why.
    pub refused_drops: u32,
    /// Runs, drops and configuration files that could not be checked; the log says why.
    pub failed: u32,
}

/// The messages that a run is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Missing {
    Nothing,
    All,
    Settlement,
}

fn missing(stored: &RunObjects, chunks: usize, now: Timestamp) -> Missing {
    let age = now.duration_since(stored.last_written);
    if !stored.is_planned() || stored.is_reported() || stored.is_parked() {
        return Missing::Nothing;
    }
    let all_sent = stored.receipts() >= chunks;
    match () {
        () if !stored.is_enqueued() && age >= FORGOTTEN => Missing::All,
        () if (all_sent || stored.is_canceled()) && age >= SETTLE_AGAIN => Missing::Settlement,
        () if age >= SILENT => Missing::All,
        () => Missing::Nothing,
    }
}

impl App {
    /// Sends the missing messages of every unfinished run.
    pub async fn sweep_runs(&self) -> Result<Swept, AppError> {
        let (ports, now) = (self.ports(), self.ports().clock.now());
        let mut swept = Swept::default();
        for export in self.export_names().await? {
            for stored in runs(&*ports.objects, &export).await? {
                swept.parked += u32::from(stored.is_parked());
                // Most runs are over. This check needs no request.
                if stored.is_reported() || !stored.is_planned() {
                    continue;
                }
                if let Err(error) = self.sweep_run(&stored, now, &mut swept).await {
                    let RunRef { export, run } = &stored.run;
                    tracing::error!(%export, %run, %error, "the sweep could not check the run");
                    swept.failed += 1;
                }
            }
        }
        Ok(swept)
    }

    async fn sweep_run(
        &self,
        stored: &RunObjects,
        now: Timestamp,
        swept: &mut Swept,
    ) -> Result<(), AppError> {
        let Some(manifest) = &self.records().manifest(&stored.run).await? else { return Ok(()) };
        let attempt = Attempt::of_sweep(now);
        match missing(stored, manifest.chunks_to_send().count(), now) {
            Missing::Nothing => {}
            Missing::All => {
                let RunRef { export, run } = &stored.run;
                tracing::warn!(%export, %run, "the run makes no progress; sending its messages again");
                swept.resumed += 1;
                self.enqueue(manifest, &attempt).await?;
            }
            Missing::Settlement => {
                swept.settling += 1;
                self.enqueue_settlement(manifest, &attempt).await?;
            }
        }
        Ok(())
    }

    /// Starts the runs of late drops.
    pub async fn sweep_drops(&self) -> Result<Swept, AppError> {
        let now = self.ports().clock.now();
        let mut swept = Swept::default();
        let (state, broken) = load_valid(&*self.ports().objects, now).await?;
        if let Some(error) = broken {
            tracing::error!(%error, "a configuration file is invalid; the sweep skipped its exports");
            swept.failed += 1;
        }
        for runnable in Runnable::all(state) {
            // An error must not keep the next export from being checked; it may belong to another brand.
            if let Err(error) = self.run_late_drop(&runnable, now, &mut swept).await {
                tracing::error!(export = %runnable.export.name(), %error, "the sweep could not run the drop");
                *(if error.is_refused_drop() { &mut swept.refused_drops } else { &mut swept.failed }) += 1;
            }
        }
        Ok(swept)
    }

    async fn run_late_drop(
        &self,
        runnable: &Runnable,
        now: Timestamp,
        swept: &mut Swept,
    ) -> Result<(), AppError> {
        let export = &runnable.export;
        let drops = self.late_drop(export, now).await?;
        if drops.is_empty() {
            return Ok(());
        }
        let request = runnable.request_of_drops(drops);
        let refused = self.records().refused_drop(export.name()).await?;
        let is_given_up = |refused: RefusedDrop| {
            refused.trigger == request.trigger && refused.attempts >= RefusedDrop::ATTEMPTS
        };
        if refused.is_some_and(is_given_up) {
            swept.refused_drops += 1;
            return Ok(());
        }
        swept.late_drops += 1;
        tracing::warn!(export = %export.name(), "the drop is late: no run has read it; running it now");
        let started = self.start(request).await?;
        swept.stopped += u32::from(started.report.is_some_and(|report| report.state == State::Stopped));
        Ok(())
    }

    async fn export_names(&self) -> Result<Vec<ExportName>, ObjectError> {
        let listed = self.ports().objects.list(&Prefix::Exports).await?;
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

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    #[test]
    fn a_run_gets_its_missing_messages_only_after_a_while() {
        let at: Timestamp = "2026-11-23T10:00:00Z".parse().unwrap();
        let run = RunRef { export: "vip".parse().unwrap(), run: "1".parse().unwrap() };
        let stored = |keys: &[Key]| RunObjects {
            run: run.clone(),
            last_written: at,
            objects: keys.iter().map(Into::into).collect(),
        };
        let after =
            |stored: &RunObjects, minutes: i64| missing(stored, 3, at + SignedDuration::from_mins(minutes));
        let (planned, enqueued) = (Key::Manifest(run.clone()), Key::Enqueued(run.clone()));
        let waiting = [planned.clone(), enqueued];
        let with = |keys: Vec<Key>| stored(&[waiting.to_vec(), keys].concat());

        assert_eq!(after(&stored(&waiting), 30), Missing::Nothing, "it may wait behind another run");
        assert_eq!(after(&stored(&waiting), 60), Missing::All);
        let died = stored(&[planned]);
        assert_eq!(after(&died, 9), Missing::Nothing, "its plan may be sending them now");
        assert_eq!(after(&died, 10), Missing::All);
        let sent = with((0..3).map(|chunk| Key::Receipt(run.clone(), chunk)).collect());
        assert_eq!(after(&sent, 3), Missing::Nothing);
        assert_eq!(after(&sent, 5), Missing::Settlement);
        assert_eq!(after(&with(vec![Key::Canceled(run.clone())]), 5), Missing::Settlement);
        for done in [
            with(vec![Key::ReportJson(run.clone())]),
            with(vec![Key::Parked(run.clone())]),
            stored(&[Key::Chunk(run.clone(), 0)]),
        ] {
            assert_eq!(after(&done, 10_000), Missing::Nothing);
        }
    }
}
