//! Late drops: drops that no run has read although they are complete, because their event was lost.

use jiff::Timestamp;

use crate::{
    app::{application::App, error::AppError},
    config::{Export, Segment},
    keys::{Key, Location, Pinned},
    retry::sweep::LATE_DROP,
    run::Trigger,
    stage::{
        plan::{PlanError, find_source},
        runs,
    },
};

impl App {
    /// Returns the trigger for an export's late drops, of each segment the newest, if there are any.
    pub(super) async fn late_drop(
        &self,
        export: &Export,
        now: Timestamp,
    ) -> Result<Option<Trigger>, AppError> {
        let mut late = Vec::new();
        for segment in export.segments() {
            late.extend(self.late_drop_of(export, segment, now).await?);
        }
        Ok((!late.is_empty()).then_some(Trigger::Drop { objects: late }))
    }

    async fn late_drop_of(
        &self,
        export: &Export,
        segment: &Segment,
        now: Timestamp,
    ) -> Result<Option<Pinned>, AppError> {
        let ports = self.ports();
        let is_late = |since: Timestamp| LATE_DROP.contains(&now.duration_since(since));
        let newest = match find_source(ports, export, segment).await {
            Ok(source) => source.completed_by,
            Err(PlanError::NoSource { .. }) => return Ok(None),
            Err(PlanError::Drop { source, .. })
                if source.is_unmarked() || source.waits_since().is_some_and(|since| !is_late(since)) =>
            {
                return Ok(None);
            }
            Err(error) => return Err(error.into()),
        };
        if !is_late(newest.modified) {
            return Ok(None);
        }
        // A drop that is older than the export's file was not missed: no export asked for it when it came. S3 counts in
        // seconds, so a drop of the same second may have been meant for the export.
        let key = Key::Export(export.connection().clone(), export.name().clone());
        let written = ports.objects.head(&Location::from(&key)).await?.modified;
        if newest.modified < written || self.is_read(export, &newest).await? {
            return Ok(None);
        }
        Ok(Some(newest))
    }

    /// Whether a run has read the drop that this object completed.
    async fn is_read(&self, export: &Export, completed_by: &Pinned) -> Result<bool, AppError> {
        let records = self.records();
        for standing in runs(&*self.ports().objects, export.name()).await?.into_iter().rev() {
            // A run begins after its drop, so that older runs need no look.
            if standing.last_written < completed_by.modified {
                break;
            }
            let manifest = records.manifest(&standing.run).await?;
            if manifest.is_some_and(|manifest| manifest.dry_run.is_none() && manifest.is_of(completed_by)) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
