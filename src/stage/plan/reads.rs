//! What a run reads: the drops of its segments, or corrections.

use super::{
    PlanError, Request,
    corrections::{Corrections, Rejects, rejects_in},
    drop::{Claim, Drops, Part, Source, claim},
};
use crate::{
    config::{CompleteOn, Export, Segment},
    keys::RunId,
    ports::{Ports, objects::ObjectError},
    run::{TagSet, Trigger},
    source::Reading,
};

/// A segment that is in a run, by its place in the export, and its drop.
#[derive(Debug)]
pub(super) struct Chosen<'a> {
    pub place: usize,
    pub segment: &'a Segment,
    pub source: Source,
}

/// What a run reads.
#[derive(Debug)]
pub(super) struct Reads<'a> {
    pub chosen: Vec<Chosen<'a>>,
    /// The run whose rejects it reads, corrected, if it does.
    pub corrects: Option<RunId>,
}

impl Reads<'_> {
    /// The tags of a segment's rows; corrections that were not dropped say themselves which.
    pub(super) fn tags(&self, chosen: &Chosen<'_>) -> TagSet {
        let is_named = self.corrects.is_some() && chosen.segment.complete_on() != &CompleteOn::Object;
        if is_named { TagSet::default() } else { TagSet::of(chosen.place) }
    }

    /// The tags of all segments that are in the run as a whole.
    pub(super) fn whole(&self) -> TagSet {
        let whole = self.chosen.iter().filter(|_| self.corrects.is_none());
        whole.fold(TagSet::default(), |all, chosen| all.with(TagSet::of(chosen.place)))
    }

    /// Fails if anything of it is not as it was when it was found.
    pub(super) async fn unchanged(&self, ports: &Ports, export: &Export) -> Result<(), PlanError> {
        for Chosen { segment, source, .. } in &self.chosen {
            if self.corrects.is_some() {
                let file = &source.completed_by;
                if ports.objects.head(&file.location).await? != *file {
                    return Err(ObjectError::Changed { at: file.location.clone() }.into());
                }
            } else {
                Drops::new(&*ports.objects, export, segment).unchanged(source).await?;
            }
        }
        Ok(())
    }
}

/// What a run reads: corrections, the segments whose drops started it, or the newest drop of each.
pub(super) async fn choose<'a>(
    ports: &Ports,
    export: &'a Export,
    request: &Request,
) -> Result<Reads<'a>, PlanError> {
    let segments = || (0..).zip(export.segments());
    let corrected = |(place, segment), Corrections { file, of }: Corrections| {
        let part = Part { object: file.clone(), reading: Reading::formula_escaped_csv() };
        let source =
            Source { completed_by: file, parts: vec![part], columns: Vec::new(), passed_over: Vec::new() };
        Reads { chosen: vec![Chosen { place, segment, source }], corrects: Some(of) }
    };
    if let (Some(corrections), Some(first)) = (&request.corrections, segments().next()) {
        return Ok(corrected(first, corrections.clone()));
    }
    if let Trigger::Drop { objects } = &request.trigger
        && let [file] = objects.as_slice()
        && let Some(first) = segments().find(|(_, segment)| {
            claim(segment, &file.location) == Claim::Completes && *segment.complete_on() == CompleteOn::Object
        })
    {
        let refused = |why: String| {
            let (export, object) = (export.name().clone(), file.location.to_string());
            Err(PlanError::Rejects { export, object, why })
        };
        match rejects_in(&*ports.objects, file).await? {
            Rejects::None => {}
            Rejects::Of(run) if run.export == *export.name() => {
                return Ok(corrected(first, Corrections { file: file.clone(), of: run.run }));
            }
            Rejects::Of(run) => {
                return refused(format!("they are those of export `{}`: drop them there", run.export));
            }
            Rejects::Unclear => {
                return refused(
                    "no row says in `reject_run` of which run: keep that column as it was, and save the file as CSV in \
                     UTF-8"
                        .to_owned(),
                );
            }
        }
    }
    let mut chosen = Vec::new();
    for (place, segment) in segments() {
        let drops = Drops::new(&*ports.objects, export, segment);
        let source = match &request.trigger {
            Trigger::Drop { objects } => {
                let its = objects.iter().find(|object| claim(segment, &object.location) != Claim::None);
                let Some(completed_by) = its else { continue };
                drops.of(completed_by.clone()).await?
            }
            Trigger::Schedule { .. } | Trigger::Call { .. } => drops.newest().await?,
        };
        chosen.push(Chosen { place, segment, source });
    }
    Ok(Reads { chosen, corrects: None })
}

/// How the objects are read: each of them, or once where it is the same for all.
pub(super) fn readings(chosen: &[Chosen<'_>]) -> Vec<Reading> {
    let parts = chosen.iter().flat_map(|chosen| &chosen.source.parts);
    let mut readings: Vec<Reading> = parts.map(|part| part.reading.clone()).collect();
    if readings.windows(2).all(|two| matches!(two, [one, other] if one == other)) {
        readings.truncate(1);
    }
    readings
}
