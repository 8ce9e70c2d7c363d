//! One chunk's upload: what has to be known first about the connection's brand, and then the upload itself.

use super::{App, AppError, Handled};
use crate::{
    config::Connection,
    omnisend::CallError,
    run::{Findings, Manifest, TagWay},
    stage::{
        Records,
        canary::{CanaryError, canary, tidy_up},
        halt::halt,
        upload::{Context, How, Uploaded, is_over, upload},
    },
};

impl App {
    /// Posts a chunk, in the way that the brand takes.
    pub(super) async fn upload(
        &self,
        context: &Context<'_>,
        connection: &Connection,
        manifest: &Manifest,
        chunk: u32,
    ) -> Result<Handled, AppError> {
        let records = Records::new(self.ports().objects.clone());
        if is_over(&records, manifest, chunk).await?.is_some() {
            return Ok(Handled::Done);
        }
        if context.stop.is_cancelled() {
            return Ok(Handled::HandedBack);
        }
        let before = context.client.usage().requests;
        if halt(context, manifest, chunk).await?.is_some() {
            return Ok(Handled::Done);
        }
        let mut findings = records.findings(&manifest.connection).await?;
        let tags = match self.way(context, connection, manifest, chunk, &mut findings).await {
            Ok(tags) => tags,
            Err(CanaryError::Call(CallError::OutOfTime)) => return Ok(Handled::HandedBack),
            Err(CanaryError::Call(error)) => return Err(AppError::Omnisend(error)),
            Err(CanaryError::Record(error)) => return Err(error.into()),
        };
        let requests = context.client.usage().requests - before;
        let how = How { tags, batch_contacts: connection.batch_size(), requests };
        match upload(context, manifest, chunk, &how).await? {
            Uploaded::HandedBack => Ok(Handled::HandedBack),
            Uploaded::Done
            | Uploaded::Already
            | Uploaded::Canceled
            | Uploaded::Halted(_)
            | Uploaded::Parked(_) => Ok(Handled::Done),
        }
    }

    /// How the contacts get their tags. Where it is not known, a canary finds out; where one was killed, its contact is
    /// tidied up first, whatever is known.
    async fn way(
        &self,
        context: &Context<'_>,
        connection: &Connection,
        manifest: &Manifest,
        chunk: u32,
        findings: &mut Findings,
    ) -> Result<TagWay, CanaryError> {
        tidy_up(context, manifest, findings).await?;
        let now = self.ports().clock.now();
        match findings.way(connection.tags(), &manifest.run, now) {
            Some(way) => Ok(way),
            // No second contact while the first is not as it was.
            None if findings.canary.is_some() => Ok(TagWay::Endpoint),
            None => canary(context, manifest, chunk, findings).await,
        }
    }
}
