//! Uploads one chunk, after it finds out how the brand's contacts get their tags.

use super::handle::Handled;
use crate::{
    app::{application::App, error::AppError},
    config::Connection,
    run::{Findings, Manifest, TagWay},
    stage::{
        Ended, StageContext, StageError,
        canary::{canary, restore_tags},
        halt::halt,
        upload::{UploadOptions, is_over, upload},
    },
};
use omnisend::CallError;

impl App {
    pub(super) async fn upload(
        &self,
        context: &StageContext<'_>,
        connection: &Connection,
        manifest: &Manifest,
        chunk: u32,
    ) -> Result<Handled, AppError> {
        let records = self.records();
        if is_over(&records, &manifest.run, chunk).await? {
            return Ok(Handled::Done);
        }
        if context.stop.is_cancelled() {
            return Ok(Handled::Unfinished);
        }
        let before = context.client.usage().requests;
        if halt(context, manifest, chunk).await? {
            return Ok(Handled::Done);
        }
        let mut findings = records.findings(&manifest.connection).await?;
        let tags = match self.tag_way(context, connection, manifest, chunk, &mut findings).await {
            Ok(tags) => tags,
            Err(StageError::Call(CallError::OutOfTime)) => return Ok(Handled::Unfinished),
            Err(error) => return Err(error.into()),
        };
        let requests = context.client.usage().requests - before;
        let options = UploadOptions { tags, batch_contacts: connection.batch_size(), requests };
        match upload(context, manifest, chunk, &options).await? {
            Ended::HandedBack => Ok(Handled::Unfinished),
            Ended::Done => Ok(Handled::Done),
        }
    }

    /// Returns how the brand's contacts get their tags. If that is unknown, a canary finds out. If an earlier canary
    /// was interrupted, its contact is restored first.
    async fn tag_way(
        &self,
        context: &StageContext<'_>,
        connection: &Connection,
        manifest: &Manifest,
        chunk: u32,
        findings: &mut Findings,
    ) -> Result<TagWay, StageError> {
        restore_tags(context, manifest, findings).await?;
        let now = self.ports().clock.now();
        match findings.way(connection.tags(), &manifest.run, now) {
            Some(way) => Ok(way),
            // The first canary's contact is not restored yet: do not use a second one.
            None if findings.canary.is_some() => Ok(TagWay::Endpoint),
            None => canary(context, manifest, chunk, findings).await,
        }
    }
}
