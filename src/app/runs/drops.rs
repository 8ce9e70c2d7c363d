//! An event about created objects: which exports read them, and which runs to start.

use std::sync::Arc;

use super::request::{RunRequest, RunRequests};
use crate::{
    app::{application::App, error::AppError},
    config::{Export, LoadError, Segment, load_valid},
    keys::{ExportName, Location, Pinned},
    run::Trigger,
    stage::plan::{Claim, PlanError, Rejects, claim, claims, dropped_rejects, find_source},
};

/// What created objects are to an export or to one of its segments.
#[derive(Debug)]
enum Created {
    /// They complete drops; each is named by the object that completed it.
    Drops(Vec<Pinned>),
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
    /// Returns a request for every export of which the created objects complete a drop. Each request is for the newest
    /// drop, not for the created object: an event that comes late must not bring an older version back.
    pub async fn requests_of_objects(&self, created: Vec<Location>) -> Result<RunRequests, AppError> {
        let mut runs = RunRequests::default();
        let objects: Vec<Location> = created.into_iter().filter(|location| !location.is_own()).collect();
        if objects.is_empty() {
            tracing::info!("the event names no segment file; nothing to do");
            return Ok(runs);
        }
        let ports = self.ports();
        let (state, broken) = load_valid(&*ports.objects, ports.clock.now()).await?;
        let completes = |export: &Export, object: &Location| claims(export, object) == Claim::Completes;
        for export in &state.ambiguous {
            if objects.iter().any(|object| completes(export, object)) {
                runs.failures.push(state.why_not(export).into());
            }
        }
        let mut readers = Vec::new();
        for export in state.exports.values() {
            let read = objects.iter().filter(|object| completes(export, object));
            readers
                .extend(read.map(|object| Reader { export: export.name().clone(), object: object.clone() }));
        }
        let mut incomplete = 0_u32;
        for export in state.exports.into_values() {
            let Some(connection) = state.connections.get(export.connection()) else { continue };
            let (connection, export) = (Arc::new(connection.clone()), Arc::new(export));
            let request = |objects| RunRequest::new(&connection, &export, Trigger::Drop { objects });
            let mut objects = objects.clone();
            for rejects in self.take_rejects(&export, &mut objects, &readers).await {
                match rejects {
                    Ok(file) => runs.requests.push(request(vec![file])),
                    Err(error) => runs.failures.push(error),
                }
            }
            match self.created(&export, &objects).await {
                Ok(Created::Drops(completed_by)) => runs.requests.push(request(completed_by)),
                Ok(Created::Part) => incomplete += 1,
                Ok(Created::Unrelated) => {}
                Err(error) => runs.failures.push(error),
            }
        }
        match broken {
            _ if !runs.is_empty() => {}
            _ if incomplete > 0 => {
                tracing::info!(exports = incomplete, "the drop is not complete yet; nothing to do");
            }
            // An export whose file is invalid may be the one that reads the objects.
            Some(broken) => runs.failures.push(LoadError::from(broken).into()),
            None => {
                tracing::info!(objects = objects.len(), "no export reads the dropped objects; nothing to do");
            }
        }
        Ok(runs)
    }

    /// Removes files of rejects from the created objects, and returns those that this export has to send. If several
    /// exports read the same folder, the file goes to the export that its rows name.
    async fn take_rejects(
        &self,
        export: &Export,
        objects: &mut Vec<Location>,
        readers: &[Reader],
    ) -> Vec<Result<Pinned, AppError>> {
        let mut taken = Vec::new();
        for object in std::mem::take(objects) {
            match dropped_rejects(self.ports(), export, &object).await {
                Ok(None) => objects.push(object),
                Ok(Some((_, Rejects::Of(run))))
                    if run.export != *export.name()
                        && readers.contains(&Reader { export: run.export.clone(), object }) => {}
                Ok(Some((file, _))) => taken.push(Ok(file)),
                Err(error) => taken.push(Err(error.into())),
            }
        }
        taken
    }

    async fn created(&self, export: &Export, objects: &[Location]) -> Result<Created, AppError> {
        let (mut drops, mut is_part) = (Vec::new(), false);
        for segment in export.segments() {
            match self.created_of(export, segment, objects).await? {
                Created::Drops(completed_by) => drops.extend(completed_by),
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
                Ok(Created::Drops(vec![source.completed_by]))
            }
            Ok(_) => Ok(Created::Part),
            // The event of the list itself logs the error once; the sweep reports the drop if it stays incomplete.
            Err(PlanError::Drop { source, .. })
                if claim == Claim::Listed || source.waits_since().is_some() =>
            {
                if claim == Claim::Completes {
                    tracing::warn!(export = %export.name(), error = %source, "the drop is not complete; waiting");
                }
                Ok(Created::Part)
            }
            Err(error) => Err(error.into()),
        }
    }
}
