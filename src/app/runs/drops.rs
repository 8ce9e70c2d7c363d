//! Drops: which exports read created objects, and which runs to start. Also late drops: complete drops that no run has
//! read, because their event was lost.

use jiff::Timestamp;

use super::request::{RunRequests, Runnable};
use crate::{
    app::{application::App, error::AppError},
    config::{Export, LoadError, Segment, load_valid},
    keys::{ExportName, Key, Location, Pinned},
    retry_policies::sweep::LATE_DROP,
    run::Trigger,
    stage::{
        drop::{Claim, DropError, Rejects, Source, claim, claims, dropped_rejects, find_source},
        runs,
    },
};

/// How created objects relate to an export or to one of its segments.
#[derive(Debug)]
enum Created {
    /// They complete drops.
    Drops(Vec<Source>),
    /// They are part of a drop that is not complete yet.
    Part,
    Unrelated,
}

/// An export that reads a created object.
#[derive(Debug, PartialEq, Eq)]
struct Reader {
    export: ExportName,
    object: Location,
}

impl App {
    /// Returns a request for every export with a drop that the created objects complete. Each request is for the newest
    /// drop, not for the created object: a late event must not bring back an older version.
    pub async fn requests_of_objects(&self, created: Vec<Location>) -> Result<RunRequests, AppError> {
        let mut found = RunRequests::default();
        let objects: Vec<Location> = created.into_iter().filter(|location| !location.is_reserved()).collect();
        if objects.is_empty() {
            tracing::info!("the event names no segment file; nothing to do");
            return Ok(found);
        }
        let ports = self.ports();
        let (state, broken) = load_valid(&*ports.objects, ports.clock.now()).await?;
        let completes = |export: &Export, object: &Location| claims(export, object) == Claim::Completes;
        for export in &state.ambiguous {
            if objects.iter().any(|object| completes(export, object)) {
                found.failures.push(state.ambiguity(export).into());
            }
        }
        let exports = Runnable::all(state);
        let mut readers = Vec::new();
        for Runnable { export, .. } in &exports {
            let read = objects.iter().filter(|object| completes(export, object));
            readers
                .extend(read.map(|object| Reader { export: export.name().clone(), object: object.clone() }));
        }
        let mut incomplete = 0_u32;
        for runnable in &exports {
            let mut objects = objects.clone();
            for rejects in self.take_rejects(&runnable.export, &mut objects, &readers).await {
                match rejects {
                    Ok(file) => {
                        found.requests.push(runnable.request(Trigger::Drop { objects: vec![file] }));
                    }
                    Err(error) => found.failures.push(error),
                }
            }
            match self.created(&runnable.export, &objects).await {
                Ok(Created::Drops(drops)) => found.requests.push(runnable.request_of_drops(drops)),
                Ok(Created::Part) => incomplete += 1,
                Ok(Created::Unrelated) => {}
                Err(error) => found.failures.push(error),
            }
        }
        match broken {
            _ if !found.is_empty() => {}
            _ if incomplete > 0 => {
                tracing::info!(exports = incomplete, "the drop is not complete yet; nothing to do");
            }
            // The export that reads the objects may be one whose file is invalid.
            Some(broken) => found.failures.push(LoadError::from(broken).into()),
            None => {
                tracing::info!(objects = objects.len(), "no export reads the dropped objects; nothing to do");
            }
        }
        Ok(found)
    }

    /// Removes rejects files from the created objects, and returns those that this export must send. If several exports
    /// read the same folder, the file belongs to the export that its rows name.
    async fn take_rejects(
        &self,
        export: &Export,
        objects: &mut Vec<Location>,
        readers: &[Reader],
    ) -> Vec<Result<Pinned, AppError>> {
        let mut files = Vec::new();
        for object in std::mem::take(objects) {
            match dropped_rejects(self.ports(), export, &object).await {
                Ok(None) => objects.push(object),
                Ok(Some((_, Rejects::Of(run))))
                    if run.export != *export.name()
                        && readers.contains(&Reader { export: run.export.clone(), object }) => {}
                Ok(Some((file, _))) => files.push(Ok(file)),
                Err(error) => files.push(Err(error.into())),
            }
        }
        files
    }

    async fn created(&self, export: &Export, objects: &[Location]) -> Result<Created, AppError> {
        let (mut drops, mut is_part) = (Vec::new(), false);
        for segment in export.segments() {
            match self.created_of(export, segment, objects).await? {
                Created::Drops(completed) => drops.extend(completed),
                Created::Part => is_part = true,
                Created::Unrelated => {}
            }
        }
        Ok(match drops.is_empty() {
            false => Created::Drops(drops),
            true if is_part => Created::Part,
            true => Created::Unrelated,
        })
    }

    async fn created_of(
        &self,
        export: &Export,
        segment: &Segment,
        objects: &[Location],
    ) -> Result<Created, AppError> {
        let claim = objects.iter().map(|object| claim(segment, object)).max().unwrap_or(Claim::None);
        match claim {
            Claim::None => return Ok(Created::Unrelated),
            Claim::Part => return Ok(Created::Part),
            Claim::Listed | Claim::Completes => {}
        }
        match find_source(self.ports(), export, segment).await {
            Ok(source) if claim == Claim::Completes || objects.iter().any(|object| source.has(object)) => {
                Ok(Created::Drops(vec![source]))
            }
            Ok(_) => Ok(Created::Part),
            // Only the event of the list itself logs the error. The sweep reports the drop if it stays incomplete.
            Err(DropError::Defect { defect, .. })
                if claim == Claim::Listed || defect.waits_since().is_some() =>
            {
                if claim == Claim::Completes {
                    tracing::warn!(export = %export.name(), error = %defect, "the drop is not complete; waiting");
                }
                Ok(Created::Part)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Returns an export's late drops: at most the newest one of each segment.
    pub(super) async fn late_drop(&self, export: &Export, now: Timestamp) -> Result<Vec<Source>, AppError> {
        let mut late = Vec::new();
        for segment in export.segments() {
            late.extend(self.late_drop_of(export, segment, now).await?);
        }
        Ok(late)
    }

    async fn late_drop_of(
        &self,
        export: &Export,
        segment: &Segment,
        now: Timestamp,
    ) -> Result<Option<Source>, AppError> {
        let ports = self.ports();
        let is_late = |since: Timestamp| LATE_DROP.contains(&now.duration_since(since));
        let drop = match find_source(ports, export, segment).await {
            Ok(drop) => drop,
            Err(DropError::Defect { defect, .. })
                if defect.is_absent() || defect.waits_since().is_some_and(|since| !is_late(since)) =>
            {
                return Ok(None);
            }
            Err(error) => return Err(error.into()),
        };
        let newest = &drop.completed_by;
        if !is_late(newest.modified) {
            return Ok(None);
        }
        // A drop that is older than the export's file was not missed: the export was written or changed after it. S3's
        // times are whole seconds, so a drop from the same second may be meant for the export.
        let key = Key::Export(export.connection().clone(), export.name().clone());
        let written = ports.objects.head(&Location::from(&key)).await?.modified;
        if newest.modified < written || self.is_read(export, newest).await? {
            return Ok(None);
        }
        Ok(Some(drop))
    }

    /// Whether a run has read the drop that this object completed.
    async fn is_read(&self, export: &Export, completed_by: &Pinned) -> Result<bool, AppError> {
        let records = self.records();
        for stored in runs(&*self.ports().objects, export.name()).await?.into_iter().rev() {
            // A run starts after its drop, so older runs cannot have read it.
            if stored.last_written < completed_by.modified {
                break;
            }
            let manifest = records.manifest(&stored.run).await?;
            if manifest
                .is_some_and(|manifest| manifest.dry_run.is_none() && manifest.reads_drop(completed_by))
            {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
