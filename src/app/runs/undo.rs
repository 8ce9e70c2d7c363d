//! Undoes a run: a follow-up run removes the tags that the run added.

use super::{attempt::Attempt, start::TriggeredRun};
use crate::{
    app::{
        application::App,
        error::{AppError, UndoRefusal},
    },
    keys::RunRef,
    run::Manifest,
    stage::{
        plan::{FollowUp, undo},
        runs,
    },
};

impl App {
    /// Starts the run that undoes another. A second call with the same `request` is the same undo.
    pub async fn undo(&self, run: &RunRef, request: String) -> Result<Manifest, AppError> {
        let ports = self.ports();
        let original = self.manifest(run).await?;
        if let Some(source) = self.undo_refusal(&original).await? {
            return Err(AppError::NotUndoable { run: run.clone(), source });
        }
        let connection = self.connection(&original.connection).await?;
        let trigger = self.call(request);
        let existing = runs(&*ports.objects, &run.export).await?;
        let undoing = TriggeredRun::find(&trigger, &run.export, &existing);
        let follow_up = FollowUp { original: &original, run: undoing.run, trigger };
        let manifest = undo(ports, &connection, &follow_up).await?;
        if !undoing.is_reported {
            self.enqueue(&manifest, &Attempt::first()).await?;
        }
        Ok(manifest)
    }

    /// Resumes the unfinished undo of a run, if there is one, and returns its manifest.
    pub async fn resume_undo(&self, run: &RunRef) -> Result<Option<Manifest>, AppError> {
        self.resume_follow_up(&run.export, |manifest| manifest.undoes.as_ref() == Some(&run.run)).await
    }

    async fn undo_refusal(&self, original: &Manifest) -> Result<Option<UndoRefusal>, AppError> {
        if !original.sends() {
            return Ok(Some(UndoRefusal::SentNothing));
        }
        if original.undoes.is_some() {
            return Ok(Some(UndoRefusal::IsUndo));
        }
        let records = self.records();
        let is_over =
            records.report(&original.run).await?.is_some() && records.parked(&original.run).await?.is_none();
        Ok((!is_over).then_some(UndoRefusal::NotOver))
    }
}
