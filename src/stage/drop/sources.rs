//! What a run reads: the drops of its segments, or a corrected rejects file.

use super::{
    claim::{Claim, claim},
    error::{DropDefect, DropError},
    find::Finder,
    rejects::{Corrections, Rejects, rejects_in},
};
use crate::stage::drop::resolved_drop::{Part, Source};
use crate::{
    config::{CompleteOn, Export, Segment},
    keys::{Pinned, RunId},
    ports::{Ports, objects::ObjectError},
    run::Trigger,
};
use segment_files::ReadOptions;

/// What a run reads, with the exact version of every object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sources {
    drops: Vec<Source>,
    corrects: Option<RunId>,
}

impl Sources {
    /// Returns the sources of a run of some or all segments, in the export's order.
    pub fn of_drops(drops: Vec<Source>) -> Self {
        Self { drops, corrects: None }
    }

    /// Returns the sources of a run of corrections. The file is read as if it were dropped at the export's first
    /// segment.
    pub fn of_corrections(export: &Export, corrections: Corrections) -> Self {
        let Corrections { file, corrected: run } = corrections;
        let first = export.segments().first();
        Self {
            drops: first.map(|segment| corrected(segment, file)).into_iter().collect(),
            corrects: Some(run),
        }
    }

    /// Returns the drops, in the export's order. A corrected rejects file counts as a drop.
    pub fn drops(&self) -> &[Source] {
        &self.drops
    }

    /// Returns the files to read, in order.
    pub fn parts(&self) -> impl Iterator<Item = &Part> {
        self.drops.iter().flat_map(|drop| &drop.parts)
    }

    /// Returns the objects that completed the drops: those in [`Trigger::Drop`].
    pub fn completed_by(&self) -> Vec<Pinned> {
        self.drops.iter().map(|drop| drop.completed_by.clone()).collect()
    }

    /// Returns the run whose rejects are corrected, if these are corrections.
    pub fn corrects(&self) -> Option<&RunId> {
        self.corrects.as_ref()
    }

    /// Fails with [`ObjectError::Changed`] if an object was replaced or deleted, or a file was added to a drop, since
    /// the sources were resolved.
    pub async fn check_unchanged(&self, ports: &Ports, export: &Export) -> Result<(), DropError> {
        for drop in &self.drops {
            if self.corrects.is_some() {
                let file = &drop.completed_by;
                if ports.objects.head(&file.location).await? != *file {
                    return Err(ObjectError::Changed { at: file.location.clone() }.into());
                }
            } else {
                Finder::new(&*ports.objects, export, &drop.segment).check_unchanged(drop).await?;
            }
        }
        Ok(())
    }
}

/// Resolves the sources of a trigger: the dropped corrections, the drops that the trigger names, or, for a schedule or
/// a call, the newest drop of every segment.
pub async fn resolve(ports: &Ports, export: &Export, trigger: &Trigger) -> Result<Sources, DropError> {
    if let Some(corrections) = dropped_corrections(ports, export, trigger).await? {
        return Ok(corrections);
    }
    let mut drops = Vec::new();
    for segment in export.segments() {
        let finder = Finder::new(&*ports.objects, export, segment);
        let drop = match trigger {
            Trigger::Drop { objects } => {
                let of_segment =
                    objects.iter().find(|object| claim(segment, &object.location) != Claim::None);
                let Some(completed_by) = of_segment else { continue };
                finder.completed_by(completed_by.clone()).await?
            }
            Trigger::Schedule { .. } | Trigger::Call { .. } => finder.newest().await?,
        };
        drops.push(drop);
    }
    Ok(Sources::of_drops(drops))
}

/// Returns the dropped corrections, if the trigger is a drop of one object that holds rejects.
async fn dropped_corrections(
    ports: &Ports,
    export: &Export,
    trigger: &Trigger,
) -> Result<Option<Sources>, DropError> {
    let Trigger::Drop { objects } = trigger else { return Ok(None) };
    let [file] = objects.as_slice() else { return Ok(None) };
    let takes_it = |segment: &&Segment| {
        claim(segment, &file.location) == Claim::Completes && *segment.complete_on() == CompleteOn::Object
    };
    let Some(segment) = export.segments().iter().find(takes_it) else { return Ok(None) };
    let object = || file.location.clone();
    let defect = match rejects_in(&*ports.objects, file).await? {
        Rejects::None => return Ok(None),
        Rejects::Of(run) if run.export == *export.name() => {
            let drops = vec![corrected(segment, file.clone())];
            return Ok(Some(Sources { drops, corrects: Some(run.run) }));
        }
        Rejects::Of(run) => DropDefect::OthersRejects { object: object(), export: run.export },
        Rejects::Unclear => DropDefect::UnclearRejects { object: object() },
    };
    Err(DropError::defect(export, defect))
}

/// Returns a corrected rejects file as the drop of a segment.
fn corrected(segment: &Segment, file: Pinned) -> Source {
    let part = Part { object: file.clone(), reading: ReadOptions::formula_escaped_csv() };
    Source { segment: segment.clone(), completed_by: file, parts: vec![part], passed_over: Vec::new() }
}
