//! Undoing a run: a run of its own, which takes away the tags that the first one added.

use super::{App, AppError};
use crate::{
    config::load_connection,
    keys::RunRef,
    run::{Manifest, Trigger},
    stage::{
        Records, enqueue,
        plan::{FollowUp, undo},
    },
};

impl App {
    /// Starts the run that undoes another. `trigger` tells this request from any other.
    pub async fn undo(&self, run: &RunRef, trigger: Trigger) -> Result<Manifest, AppError> {
        let ports = self.ports();
        let records = Records::new(ports.objects.clone());
        let of = self.existing(&records, run).await?;
        let refused = |why: &'static str| AppError::NotUndone { run: run.clone(), why };
        if of.dry_run.is_some() || !of.stopped.is_empty() {
            return Err(refused("it sent nothing"));
        }
        if of.undoes.is_some() {
            return Err(refused(
                "it undid another run; run the export, which gives everybody their tags again",
            ));
        }
        if records.report(run).await?.is_none() || records.parked(run).await?.is_some() {
            return Err(refused("it is not over; cancel it first"));
        }
        let connection = load_connection(&*ports.objects, &of.connection, ports.clock.now()).await?;
        let name = RunRef { run: trigger.run_id(&run.export), export: run.export.clone() };
        let manifest = undo(ports, &connection, &FollowUp { of: &of, run: name, trigger }).await?;
        enqueue(ports, &manifest, "").await?;
        Ok(manifest)
    }
}
