//! Uploads one chunk, after finding out what has to be known about the brand first.

use super::handle::Handled;
use crate::{
    app::{application::App, error::AppError},
    config::Connection,
    keys::Key,
    omnisend::CallError,
    ports::objects::Put,
    run::{Findings, Manifest, TagWay},
    stage::{
        canary::{CanaryError, canary, tidy_up},
        halt::halt,
        upload::{Context, How, Uploaded, is_over, try_larger, upload},
    },
};

impl App {
    pub(super) async fn upload(
        &self,
        context: &Context<'_>,
        connection: &Connection,
        manifest: &Manifest,
        chunk: u32,
    ) -> Result<Handled, AppError> {
        let records = self.records();
        if is_over(&records, manifest, chunk).await?.is_some() {
            return Ok(Handled::Done);
        }
        if context.stop.is_cancelled() {
            return Ok(Handled::Unfinished);
        }
        let before = context.client.usage().requests;
        if halt(context, manifest, chunk).await?.is_some() {
            return Ok(Handled::Done);
        }
        let mut findings = records.findings(&manifest.connection).await?;
        let tags = match self.tag_way(context, connection, manifest, chunk, &mut findings).await {
            Ok(tags) => tags,
            Err(CanaryError::Call(CallError::OutOfTime)) => return Ok(Handled::Unfinished),
            Err(CanaryError::Call(error)) => return Err(AppError::Omnisend(error)),
            Err(CanaryError::Record(error)) => return Err(error.into()),
        };
        let plan = findings.batch(connection.batch_size());
        let requests = context.client.usage().requests - before;
        let mut how = How { tags, batch_contacts: plan.contacts, requests };
        if let Some(contacts) = plan.attempt
            && let Some(found) = try_larger(context, manifest, chunk, &how, contacts).await?
        {
            how.batch_contacts = found.contacts;
            findings.batch = Some(found);
            let key = Key::Findings(manifest.connection.clone());
            records.write(&key, &findings, Put::Replace).await?;
        }
        match upload(context, manifest, chunk, &how).await? {
            Uploaded::HandedBack => Ok(Handled::Unfinished),
            Uploaded::Done
            | Uploaded::Already
            | Uploaded::Canceled
            | Uploaded::Halted(_)
            | Uploaded::Parked(_) => Ok(Handled::Done),
        }
    }

    /// Returns how the brand's contacts get their tags. If it is unknown, a canary finds out. If a canary was
    /// interrupted before, its contact is restored first.
    async fn tag_way(
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
            // The first canary contact could not be restored yet: use no second one.
            None if findings.canary.is_some() => Ok(TagWay::Endpoint),
            None => canary(context, manifest, chunk, findings).await,
        }
    }
}
