//! A run's last message: what became of its contacts, what follows from that, and the report.

use super::{App, AppError, Handled};
use crate::{
    keys::{Key, RunRef},
    omnisend::{CallError, KeyError},
    run::Manifest,
    stage::{
        Records,
        segment::{SeenTo, see_to_segments},
        settle::{SettleError, Settled, settle},
        tag::{TagError, Tagged, add_tags, remove_tags},
        upload::Context,
    },
};

impl App {
    /// Settles a run to its report, or as far as there is time.
    pub(super) async fn settle(
        &self,
        context: &Context<'_>,
        manifest: &Manifest,
    ) -> Result<Handled, AppError> {
        match settle(context, manifest, self.limits).await {
            Ok(Settled::Open { .. }) | Err(SettleError::Call(CallError::OutOfTime)) => {
                return Ok(Handled::HandedBack);
            }
            Ok(Settled::Done) => self.park_if_given_up(manifest).await?,
            Err(SettleError::Record(error)) => return Err(error.into()),
            Err(SettleError::Call(error @ CallError::Key(KeyError::Temporary(_)))) => {
                return Err(AppError::Omnisend(error));
            }
            Err(SettleError::Call(error)) => {
                self.park(&manifest.run, error.to_string()).await?;
            }
        }
        // A dry run, and one that a guard stopped, ask nothing of anybody.
        if manifest.sends()
            && self.goes_on(&manifest.run).await?
            && !self.follow_up(context, manifest).await?
        {
            return Ok(Handled::More);
        }
        self.finish(manifest).await
    }

    /// What is done once it is known what became of the contacts. False where there is more to do.
    async fn follow_up(&self, context: &Context<'_>, manifest: &Manifest) -> Result<bool, AppError> {
        let of_a_call = |error| match error {
            TagError::Record(error) => AppError::from(error),
            TagError::Later(error) => AppError::Omnisend(error),
        };
        let mut tagged = add_tags(context, manifest).await.map_err(of_a_call)?;
        if tagged == Tagged::Done {
            tagged = remove_tags(context, manifest).await.map_err(of_a_call)?;
        }
        match tagged {
            Tagged::Done => {}
            Tagged::HandedBack => return Ok(false),
            Tagged::Canceled => return Ok(true),
            Tagged::Refused(reason) => {
                let reason = format!("every contact was sent, and not every tag was changed: {reason}");
                self.park(&manifest.run, reason).await?;
                return Ok(true);
            }
        }
        Ok(see_to_segments(context, manifest).await? == SeenTo::Done)
    }

    /// Whether nobody stopped a run, and it does not wait for a person.
    async fn goes_on(&self, run: &RunRef) -> Result<bool, AppError> {
        let records = Records::new(self.ports().objects.clone());
        Ok(!records.is_canceled(run).await? && records.parked(run).await?.is_none())
    }

    /// Parks a run of which chunks were never sent though nobody stopped it: the settlement is its last message, so
    /// theirs were given up.
    async fn park_if_given_up(&self, manifest: &Manifest) -> Result<(), AppError> {
        let written = Records::new(self.ports().objects.clone()).written(&manifest.run).await?;
        let is_there = |key: fn(RunRef) -> Key| written.contains(&(&key(manifest.run.clone())).into());
        let is_sent = |chunk: &u32| written.contains(&(&Key::Receipt(manifest.run.clone(), *chunk)).into());
        let left = manifest.chunks_to_send().filter(|chunk| !is_sent(chunk)).count();
        if left == 0 || [Key::Canceled, Key::Halted, Key::Parked].into_iter().any(is_there) {
            return Ok(());
        }
        let reason = format!(
            "{left} of {} chunks were not sent: their messages failed too often and are dead letters; the log of the \
             uploads says why; mend it, then replay the run",
            manifest.chunks.len()
        );
        self.park(&manifest.run, reason).await
    }
}
