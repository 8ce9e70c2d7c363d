//! Handles the last message of a run: outcomes, then tags and segments, then the report.

use super::handle::Handled;
use crate::{
    app::{application::App, error::AppError},
    keys::{Key, RunRef},
    run::Manifest,
    stage::{
        Ended, RecordError, StageContext, StageError,
        report::report,
        segment::ensure_segments,
        settle::settle,
        snapshot::remember,
        tag::{Tagged, add_tags, remove_tags},
    },
};
use omnisend::{CallError, KeyError};

impl App {
    /// Settles a run and writes its report, or does as much of that as the time allows.
    pub(super) async fn settle(
        &self,
        context: &StageContext<'_>,
        manifest: &Manifest,
    ) -> Result<Handled, AppError> {
        match settle(context, manifest, self.limits()).await {
            Ok(Ended::HandedBack) | Err(StageError::Call(CallError::OutOfTime)) => {
                return Ok(Handled::Unfinished);
            }
            Ok(Ended::Done) => self.park_if_chunks_are_missing(manifest).await?,
            Err(
                error @ (StageError::Record(_) | StageError::Call(CallError::Key(KeyError::Temporary(_)))),
            ) => {
                return Err(error.into());
            }
            Err(StageError::Call(error)) => self.park(&manifest.run, error.to_string()).await?,
        }
        // A dry run and a stopped run send no request to Omnisend.
        if manifest.sends()
            && self.may_continue(&manifest.run).await?
            && !self.change_tags_and_segments(context, manifest).await?
        {
            return Ok(Handled::MoreToSettle);
        }
        self.finish(manifest).await
    }

    /// Changes tags and segments, which depend on the contacts' outcomes. Returns false if work is left.
    async fn change_tags_and_segments(
        &self,
        context: &StageContext<'_>,
        manifest: &Manifest,
    ) -> Result<bool, AppError> {
        let mut tagged = add_tags(context, manifest).await?;
        if tagged == Tagged::Done {
            tagged = remove_tags(context, manifest).await?;
        }
        match tagged {
            Tagged::Done => {}
            Tagged::HandedBack => return Ok(false),
            Tagged::Canceled => return Ok(true),
            Tagged::Refused(reason) => {
                let reason = format!("every contact was sent, but some tags were not changed: {reason}");
                self.park(&manifest.run, reason).await?;
                return Ok(true);
            }
        }
        Ok(ensure_segments(context, manifest).await? == Ended::Done)
    }

    /// Whether the run is neither canceled nor parked.
    async fn may_continue(&self, run: &RunRef) -> Result<bool, AppError> {
        let records = self.records();
        Ok(!records.is_canceled(run).await? && records.parked(run).await?.is_none())
    }

    /// Parks a run that has unsent chunks although nothing stopped it. The settlement is its last message, so the
    /// messages of those chunks are in the dead-letter queue.
    async fn park_if_chunks_are_missing(&self, manifest: &Manifest) -> Result<(), AppError> {
        let written = self.records().written(&manifest.run).await?;
        let exists = |key: fn(RunRef) -> Key| written.contains(&(&key(manifest.run.clone())).into());
        let is_sent = |chunk: &u32| written.contains(&(&Key::Receipt(manifest.run.clone(), *chunk)).into());
        let unsent = manifest.chunks_to_send().filter(|chunk| !is_sent(chunk)).count();
        if unsent == 0 || [Key::Canceled, Key::Halted, Key::Parked].into_iter().any(exists) {
            return Ok(());
        }
        let reason = format!(
            "{unsent} of {} chunks were not sent: their messages failed too often and are in the dead-letter queue; \
             the uploader's log shows why; fix that, then replay the run",
            manifest.chunks.len()
        );
        self.park(&manifest.run, reason).await
    }

    /// Merges what the run sent into the snapshot, and writes the report.
    pub(super) async fn finish(&self, manifest: &Manifest) -> Result<Handled, AppError> {
        match remember(self.ports(), manifest).await {
            // A damaged snapshot stays as it is; the next plan fails and explains what to do.
            Err(RecordError::Damaged { key, source }) => {
                let reason = format!("the snapshot could not be updated: {key}: {source}");
                self.park(&manifest.run, reason).await?;
            }
            remembered => remembered?,
        }
        Ok(Handled::Finished(Box::new(report(self.ports(), manifest).await?)))
    }
}
