//! Segment: creates the export's segments in Omnisend.
//!
//! It creates a segment if no segment has its name. It never changes an existing segment, because a person may have
//! made it. The findings keep each segment's id, so a run costs one request per segment. A deleted segment is created
//! again while the export has `create_segment`. A failure is reported, but does not stop the run.

use super::{Ended, RecordError, StageContext};
use crate::{
    kill_point, retry_policies,
    run::{EnsuredSegment, EnsuredSegments, Findings, Manifest, SegmentFinding, SegmentState, WantedSegment},
};
use omnisend::{CallError, CallOptions, RefusalKind, Segment};

/// How many pages of 50 segments are searched for a name: more than any brand has.
const MAX_PAGES: usize = 500;

/// What to do about a segment that has the wanted name but other conditions.
const OTHER_CONDITIONS: &str = "a segment of this name has other conditions and was left as it is: rename it, or rename \
                                the export's segment";

/// What to do about an archived segment.
const ARCHIVED: &str =
    "a segment of this name is archived in Omnisend: restore it there, or rename the export's segment";

/// Makes sure that Omnisend has the segments that the run's export asks for.
pub async fn ensure_segments(context: &StageContext<'_>, manifest: &Manifest) -> Result<Ended, RecordError> {
    let records = context.records();
    if manifest.create_segments.is_empty() || records.has::<EnsuredSegments>(&manifest.run).await? {
        return Ok(Ended::Done);
    }
    let before = context.client.usage().requests;
    let mut findings = records.findings(&manifest.connection).await?;
    let mut segments = Vec::new();
    for wanted in &manifest.create_segments {
        let options = retry_policies::SEGMENTS.until(context.deadline);
        let search = Search { context, manifest, wanted, options };
        let (state, advice) = match search.find_or_create(&mut findings).await {
            Ok(found) => found,
            Err(CallError::OutOfTime) => return Ok(Ended::HandedBack),
            Err(error) => {
                let run = &manifest.run;
                tracing::warn!(export = %run.export, run = %run.run, %error, "a segment could not be found or created");
                (SegmentState::Failed, Some(failure_advice(&error)))
            }
        };
        segments.push(EnsuredSegment { name: wanted.name.clone(), tag: wanted.tag.clone(), state, advice });
        // After each segment, so that the id of a created segment is not lost.
        records.write(&manifest.connection, &findings).await?;
    }
    let requests = context.client.usage().requests - before;
    records.write(&manifest.run, &EnsuredSegments { segments, requests }).await?;
    Ok(Ended::Done)
}

fn failure_advice(error: &CallError) -> String {
    match error {
        CallError::Refused(refusal) if refusal.kind == RefusalKind::MissingPermission => {
            "the API key may not read and write segments: give it the scopes segments.read and segments.write, or \
             remove `create_segment` from the export"
                .to_owned()
        }
        error => error.to_string(),
    }
}

/// What was found or done, and what a person should do about it.
type Found = (SegmentState, Option<String>);

/// Returns the result for a segment that exists.
fn existing(segment: &Segment) -> Found {
    (SegmentState::There, segment.is_archived().then(|| ARCHIVED.to_owned()))
}

/// The search for one wanted segment.
struct Search<'a> {
    context: &'a StageContext<'a>,
    manifest: &'a Manifest,
    wanted: &'a WantedSegment,
    options: CallOptions,
}

impl Search<'_> {
    async fn find_or_create(&self, findings: &mut Findings) -> Result<Found, CallError> {
        if let Some(known) = findings.segments.iter().find(|known| self.matches(known)) {
            if let Some(segment) = self.context.client.segment(&known.id, self.options).await? {
                return Ok(existing(&segment));
            }
            findings.segments.retain(|known| !self.matches(known));
        }
        if let Some(segment) = self.by_name().await? {
            return self.use_existing(segment, findings).await;
        }
        let WantedSegment { name, tag } = self.wanted;
        match self.context.client.create_segment(name, tag.as_str(), self.options).await {
            Ok(created) => {
                kill_point::reach("segment.created");
                self.remember(created, findings);
                Ok((SegmentState::Created, None))
            }
            // Omnisend may have created it without answering.
            Err(error @ CallError::Unavailable { .. }) => match self.by_name().await? {
                Some(segment) => self.use_existing(segment, findings).await,
                None => Err(error),
            },
            Err(error) => Err(error),
        }
    }

    /// Uses the segment that has the wanted name, if it has the wanted tag.
    async fn use_existing(&self, segment: Segment, findings: &mut Findings) -> Result<Found, CallError> {
        let tag = self.wanted.tag.as_str();
        let mut has_our_tag = segment.is_of_tag(tag);
        if has_our_tag.is_none() {
            // A listing may lack the conditions.
            let whole = self.context.client.segment(&segment.id, self.options).await?;
            has_our_tag = whole.and_then(|segment| segment.is_of_tag(tag));
        }
        if has_our_tag == Some(false) {
            return Ok((SegmentState::Other, Some(OTHER_CONDITIONS.to_owned())));
        }
        let found = existing(&segment);
        self.remember(segment, findings);
        Ok(found)
    }

    /// The segment with the wanted name; an archived one only if no other has it.
    async fn by_name(&self) -> Result<Option<Segment>, CallError> {
        let (mut after, mut archived) = (None, None);
        for _ in 0..MAX_PAGES {
            let page = self.context.client.segments(after.as_deref(), self.options).await?;
            for segment in page.segments.into_iter().filter(|segment| segment.name == self.wanted.name) {
                if !segment.is_archived() {
                    return Ok(Some(segment));
                }
                archived = archived.or(Some(segment));
            }
            match page.next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
        Ok(archived)
    }

    fn matches(&self, known: &SegmentFinding) -> bool {
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
