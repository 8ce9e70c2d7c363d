//! Segment: sees to it that Omnisend has the segments that an export asks for, where marketers look for them.
//!
//! A segment is made where none has its name, and one that is there is never changed: it may be somebody's work.
//! Which one it is is remembered, so that a run costs one request; one that was deleted is made again, for as long
//! as the export asks for it. What goes wrong here is said in the report and stops nothing.

use super::{RecordError, Records, upload::Context};
use crate::{
    keys::Key,
    kill_point,
    omnisend::{CallError, CallOptions, RefusalKind, Segment},
    ports::objects::Put,
    retry,
    run::{Findings, Manifest, SegmentFinding, SegmentSeen, SegmentState, SegmentsSeen, WantedSegment},
};

/// How many pages of segments are searched: with 50 segments each, more than any brand has.
const MAX_PAGES: usize = 100;

/// Whether the run's segments are seen to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SeenTo {
    /// They are, as far as Omnisend lets it; what became of them is written down.
    Done,
    /// There was no time left.
    HandedBack,
}

/// Sees to the segments that a run's export asks for.
pub async fn see_to_segments(context: &Context<'_>, manifest: &Manifest) -> Result<SeenTo, RecordError> {
    let records = Records::new(context.ports.objects.clone());
    let key = Key::Segments(manifest.run.clone());
    if manifest.create_segments.is_empty() || records.exists(&key).await? {
        return Ok(SeenTo::Done);
    }
    let before = context.client.usage().requests;
    let mut findings = records.findings(&manifest.connection).await?;
    let mut seen = Vec::new();
    for wanted in &manifest.create_segments {
        let options = retry::SEGMENTS.until(context.deadline);
        let see = See { context, manifest, wanted, options };
        let (state, says) = match see.to(&mut findings).await {
            Ok(found) => found,
            Err(CallError::OutOfTime) => return Ok(SeenTo::HandedBack),
            Err(error) => {
                tracing::warn!(
                    export = %manifest.run.export,
                    run = %manifest.run.run,
                    %error,
                    "a segment could not be seen to"
                );
                (SegmentState::Failed, Some(failed(&error)))
            }
        };
        seen.push(SegmentSeen { name: wanted.name.clone(), tag: wanted.tag.clone(), state, says });
        // One by one: what was made must be known, whatever comes next.
        let key = Key::Findings(manifest.connection.clone());
        records.write(&key, &findings, Put::Replace).await?;
    }
    let requests = context.client.usage().requests - before;
    records.write(&key, &SegmentsSeen { segments: seen, requests }, Put::Replace).await?;
    Ok(SeenTo::Done)
}

fn failed(error: &CallError) -> String {
    match error {
        CallError::Refused(refusal) if refusal.kind == RefusalKind::MissingPermission => {
            "the API key may not read and write segments: give it that permission, or take `create_segment` out \
             of the export"
                .to_owned()
        }
        error => error.to_string(),
    }
}

/// One segment that is to be there.
struct See<'a> {
    context: &'a Context<'a>,
    manifest: &'a Manifest,
    wanted: &'a WantedSegment,
    options: CallOptions,
}

type Found = (SegmentState, Option<String>);

impl See<'_> {
    async fn to(&self, findings: &mut Findings) -> Result<Found, CallError> {
        if let Some(known) = findings.segments.iter().find(|known| self.is_of(known)) {
            if self.context.client.segment(&known.id, self.options).await?.is_some() {
                return Ok((SegmentState::There, None));
            }
            findings.segments.retain(|known| !self.is_of(known));
        }
        if let Some(segment) = self.by_name().await? {
            return self.is_there(segment, findings).await;
        }
        let WantedSegment { name, tag } = self.wanted;
        match self.context.client.create_segment(name, tag.as_str(), self.options).await {
            Ok(made) => {
                kill_point::reach("segment.created");
                self.remember(made, findings);
                Ok((SegmentState::Created, None))
            }
            // It may have been made all the same.
            Err(error @ CallError::Unavailable { .. }) => match self.by_name().await? {
                Some(segment) => self.is_there(segment, findings).await,
                None => Err(error),
            },
            Err(error) => Err(error),
        }
    }

    /// One has the name already.
    async fn is_there(&self, segment: Segment, findings: &mut Findings) -> Result<Found, CallError> {
        let tag = self.wanted.tag.as_str();
        let mut is_ours = segment.is_of_tag(tag);
        if is_ours.is_none() {
            // The listing may leave the conditions out.
            let whole = self.context.client.segment(&segment.id, self.options).await?;
            is_ours = whole.and_then(|segment| segment.is_of_tag(tag));
        }
        if is_ours == Some(false) {
            let says =
                "a segment of this name has other conditions; it was left as it is: rename it, or the \
                        export's segment"
                    .to_owned();
            return Ok((SegmentState::Other, Some(says)));
        }
        self.remember(segment, findings);
        Ok((SegmentState::There, None))
    }

    async fn by_name(&self) -> Result<Option<Segment>, CallError> {
        let mut after = None;
        for _ in 0..MAX_PAGES {
            let page = self.context.client.segments(after.as_deref(), self.options).await?;
            if let Some(found) = page.segments.into_iter().find(|segment| segment.name == self.wanted.name) {
                return Ok(Some(found));
            }
            match page.next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
        Ok(None)
    }

    fn is_of(&self, known: &SegmentFinding) -> bool {
        known.export == self.manifest.run.export
            && known.name == self.wanted.name
            && known.tag == self.wanted.tag
    }

    fn remember(&self, segment: Segment, findings: &mut Findings) {
        findings.segments.push(SegmentFinding {
            export: self.manifest.run.export.clone(),
            name: self.wanted.name.clone(),
            tag: self.wanted.tag.clone(),
            id: segment.id,
            at: self.context.ports.clock.now(),
        });
    }
}
