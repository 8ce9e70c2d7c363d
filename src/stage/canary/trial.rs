//! One attempt of a canary: sends a contact, and checks what happened to its tags.

use bytes::Bytes;
use serde_json::value::RawValue;

use super::{
    contact::CanaryContact,
    probe::{Shown, UNUSED_TAG, contains_all, probe, seen},
    stop::Stop,
};
use crate::{
    contact::Tag,
    kill_point,
    run::{CanaryIntent, Findings, InlineTags, Manifest, TagEvidence, TagSet},
};

/// One attempt of a canary.
pub(super) struct Trial<'a> {
    pub contact: CanaryContact<'a>,
    pub manifest: &'a Manifest,
    /// The contact as it was prepared, without tags.
    pub prepared: &'a RawValue,
    /// The tags that the contact gets from the run.
    pub ours: Vec<String>,
    pub evidence: TagEvidence,
}

impl Trial<'_> {
    /// Sends the contact, and returns what its tags show afterwards.
    pub(super) async fn run(&mut self, findings: &mut Findings) -> Result<Shown, Stop> {
        let client = self.contact.context.client;
        // First checks the endpoint that would restore lost tags.
        client.remove_tags(&[UNUSED_TAG], &[self.contact.email.as_str()], self.contact.options()).await?;
        let had = self.contact.tags().await?;
        self.evidence.before = had.as_deref().map(|tags| seen(tags, &self.ours));
        let probe =
            probe(had.as_deref(), &self.ours).map_err(|reason| Stop::Inconclusive(reason.to_owned()))?;
        let had = had.unwrap_or_default();
        self.write_intent(&had, findings).await?;
        if let Some(first) = &probe.first {
            client.upsert(self.body(first), self.contact.options()).await?;
            kill_point::reach("canary.created");
            let has_first = |tags: Option<&[String]>| tags.is_some_and(|tags| contains_all(tags, first));
            if !self.contact.poll(has_first).await?.is_expected {
                let reason = "Omnisend does not show the contact that it accepted";
                return Err(Stop::Inconclusive(reason.to_owned()));
            }
        }
        self.evidence.sent.clone_from(&probe.sent);
        client.upsert(self.body(&probe.sent), self.contact.options()).await?;
        kill_point::reach("canary.probed");
        let now = self.contact.poll(|tags| probe.shown(tags) != Shown::Nothing).await?;
        let now = now.tags.unwrap_or_default();
        self.evidence.after = Some(seen(&now, &self.ours));
        let shown = probe.shown(Some(&now));
        if shown == Shown::Nothing {
            return Ok(shown);
        }
        let lost: Vec<String> = had.iter().filter(|tag| !now.contains(tag)).cloned().collect();
        let sent_temporary = probe.sends_temporary_tag();
        if (lost.is_empty() && !sent_temporary) || self.contact.restore(&lost, sent_temporary, &had).await? {
            // It is written together with the finding.
            findings.canary = None;
        }
        Ok(shown)
    }

    async fn write_intent(&self, had: &[String], findings: &mut Findings) -> Result<(), Stop> {
        let context = self.contact.context;
        findings.canary = Some(CanaryIntent {
            run: self.manifest.run.clone(),
            email: self.contact.email.clone(),
            had: had.to_vec(),
            at: context.ports.clock.now(),
        });
        context.records().write(&self.manifest.connection, findings).await?;
        kill_point::reach("canary.intent");
        Ok(())
    }

    /// Returns the prepared contact with these tags.
    fn body(&self, tags: &[String]) -> Bytes {
        let tags: Vec<Tag> = tags.iter().filter_map(|tag| Tag::try_from(tag.clone()).ok()).collect();
        let all = (0..tags.len()).fold(TagSet::default(), |all, place| all.with(TagSet::of(place)));
        let contact: Box<str> = InlineTags::of(&tags).contact(self.prepared, all).into();
        contact.into_string().into()
    }
}
