//! Resumes runs that an earlier process left unfinished, or cancels them if they are outdated.

use super::{attempt::Attempt, request::RunRequest};
use crate::{
    app::{application::App, error::AppError},
    keys::{ExportName, Key, Location, RunRef},
    run::Manifest,
    stage::{
        Notice,
        drop::{Sources, find_sources},
        runs,
    },
};

/// The runs of an export that earlier processes left unfinished, and what was done with them.
#[derive(Debug, Default)]
pub struct Unfinished {
    /// The run that was resumed, so that no new run is needed.
    pub resumed: Option<Manifest>,
    /// The run that was canceled because its segment file or its export changed.
    pub outdated: Option<RunRef>,
    /// Follow-up runs that were canceled: a new run sends newer values.
    pub follow_ups: Vec<Manifest>,
    /// Rejects files that are newer than the segment's file. They are not segments, so the run does not read them.
    pub rejects: Vec<Location>,
}

/// Unfinished runs of an export, newest first.
#[derive(Default)]
struct Found {
    newest: Option<Manifest>,
    follow_ups: Vec<Manifest>,
}

impl App {
    /// Resumes the export's unfinished run if it reads and sends the same as the requested one; otherwise cancels it.
    /// For a dry run, does neither. Stores the resolved sources in the request, so that a new run reads exactly those.
    pub async fn resume_or_cancel(&self, request: &mut RunRequest) -> Result<Unfinished, AppError> {
        let sources = Sources::of_drops(find_sources(self.ports(), &request.export).await?);
        request.sources = Some(sources.clone());
        let rejects = sources.drops().iter().flat_map(|source| &source.passed_over).cloned().collect();
        let mut unfinished = Unfinished { rejects, ..Unfinished::default() };
        if request.options.dry_run {
            return Ok(unfinished);
        }
        let Found { newest, follow_ups } = self.find_unfinished(request.export.name()).await?;
        let attempt = Attempt::again(self.ports().clock.now());
        for manifest in &follow_ups {
            self.cancel_unfinished(manifest).await?;
            self.enqueue_settlement(manifest, &attempt).await?;
        }
        unfinished.follow_ups = follow_ups;
        let Some(manifest) = newest else { return Ok(unfinished) };
        if is_current(&manifest, request, &sources) {
            self.unpark_unreported(&manifest.run).await?;
            self.enqueue(&manifest, &attempt).await?;
            unfinished.resumed = Some(manifest);
        } else {
            self.cancel_unfinished(&manifest).await?;
            self.enqueue(&manifest, &attempt).await?;
            unfinished.outdated = Some(manifest.run);
        }
        Ok(unfinished)
    }

    /// Resumes the newest unfinished run of an export that `is_it` accepts, and returns it.
    pub(super) async fn resume_follow_up(
        &self,
        export: &ExportName,
        is_it: impl Fn(&Manifest) -> bool,
    ) -> Result<Option<Manifest>, AppError> {
        for stored in runs(&*self.ports().objects, export).await?.into_iter().rev() {
            if stored.is_over() || stored.is_canceled() || stored.is_parked() {
                continue;
            }
            if let Some(manifest) = self.records().manifest(&stored.run).await?.filter(&is_it) {
                self.enqueue_again(&manifest).await?;
                return Ok(Some(manifest));
            }
        }
        Ok(None)
    }

    /// Notifies the observer how many contacts a run sends, and how many of them were already sent.
    pub async fn announce(&self, manifest: &Manifest) -> Result<(), AppError> {
        let records = self.records();
        let mut posted = 0;
        for (chunk, info) in (0..).zip(&manifest.chunks) {
            let sent = records.sent_of(&manifest.run, chunk).await?;
            posted += sent.covered(info.contacts as usize).iter().filter(|covered| **covered).count() as u64;
        }
        if manifest.chunks_to_send().next().is_some() {
            self.observer().notice(Notice::Planned { contacts: manifest.planned.sent, posted });
        }
        Ok(())
    }

    /// Finds the export's unfinished runs, and deletes the objects of plans that died: a run exists only once its
    /// manifest is written.
    async fn find_unfinished(&self, export: &ExportName) -> Result<Found, AppError> {
        let objects = &self.ports().objects;
        let mut found = Found::default();
        for stored in runs(&**objects, export).await?.into_iter().rev() {
            if !stored.is_planned() {
                for left in &stored.objects {
                    objects.delete(left).await?;
                }
                continue;
            }
            if stored.is_over() || stored.is_canceled() {
                continue;
            }
            let manifest = self.records().manifest(&stored.run).await?;
            let Some(manifest) = manifest.filter(Manifest::sends) else { continue };
            if !manifest.is_follow_up() {
                found.newest.get_or_insert(manifest);
            } else if !stored.is_parked() {
                found.follow_ups.push(manifest);
            }
        }
        Ok(found)
    }

    async fn cancel_unfinished(&self, manifest: &Manifest) -> Result<(), AppError> {
        self.unpark_unreported(&manifest.run).await?;
        self.cancel(&manifest.run).await
    }

    /// Unparks a run. Its report is deleted first: if this process dies in between, the run is unfinished, not over.
    async fn unpark_unreported(&self, run: &RunRef) -> Result<(), AppError> {
        self.ports().objects.delete(&(&Key::ReportJson(run.clone())).into()).await?;
        self.unpark(run).await
    }
}

/// Whether a run reads the same objects in the same way as the requested one would.
fn is_current(manifest: &Manifest, request: &RunRequest, sources: &Sources) -> bool {
    manifest.source.iter().eq(sources.parts().map(|part| &part.object))
        && manifest.mode == request.mode()
        && manifest.mapping == *request.export.mapping()
        && manifest.tags == request.export.tags()
}
