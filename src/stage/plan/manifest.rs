//! The manifest of a planned run.

use jiff::Timestamp;

use super::{before::Before, prepare::Prepared, request::Request, segment_tags};
use crate::{
    config::{Export, Segment},
    run::{DryRun, Guard, Manifest, SegmentDrop, WantedSegment},
    stage::drop::{Source, Sources},
};
use segment_files::ReadOptions;

/// What a manifest records in addition to the request, the sources and the prepared rows.
pub(super) struct Planned {
    pub started_at: Timestamp,
    pub dry_run: Option<DryRun>,
    pub stopped: Vec<Guard>,
}

pub(super) fn manifest(
    request: &Request,
    sources: &Sources,
    before: &Before,
    prepared: Prepared,
    planned: Planned,
) -> Manifest {
    // Corrections are not the newest drop of a segment.
    let is_whole = sources.corrects().is_none();
    let export = &request.export;
    let segment_drop = |source: &Source| {
        let place = segment_tags::place(export, &source.segment);
        SegmentDrop {
            name: source.segment.name().to_owned(),
            tag: source.segment.tag().clone(),
            completed_by: source.completed_by.clone(),
            contacts: place.and_then(|place| prepared.with_tag.get(place)).copied().unwrap_or_default(),
        }
    };
    Manifest {
        version: Manifest::VERSION,
        run: request.run.clone(),
        connection: request.connection.name().clone(),
        display_name: export.display_name().to_owned(),
        mode: request.mode,
        trigger: request.trigger.clone(),
        started_at: planned.started_at,
        segments: sources.drops().iter().filter(|_| is_whole).map(segment_drop).collect(),
        readings: readings(sources),
        source: sources.parts().map(|part| part.object.clone()).collect(),
        requests_per_minute: request.connection.budget(),
        mapping: export.mapping().clone(),
        tags: export.tags(),
        create_segments: wanted_segments(export),
        former_tags: before.former_tags.clone(),
        sends_all: before.sends_all.filter(|_| is_whole),
        overlapping: prepared.overlapping,
        conflicting: prepared.conflicting,
        leaving: prepared.leaving,
        removals: prepared.removals,
        undoes: None,
        replays: None,
        corrects: sources.corrects().cloned(),
        batch_contacts: request.connection.batch_size(),
        chunks: prepared.written.chunks,
        refused_parts: prepared.written.refused_parts,
        planned: prepared.planned,
        warnings: prepared.warnings,
        consent: prepared.consent,
        guards: *export.guards(),
        allowed: request.allowed.clone(),
        stopped: planned.stopped,
        dry_run: planned.dry_run,
    }
}

/// Returns how each part is read; a single entry if all are read the same way.
fn readings(sources: &Sources) -> Vec<ReadOptions> {
    let mut readings: Vec<ReadOptions> = sources.parts().map(|part| part.reading.clone()).collect();
    if readings.windows(2).all(|two| matches!(two, [one, other] if one == other)) {
        readings.truncate(1);
    }
    readings
}

/// Returns the segments to create in Omnisend.
fn wanted_segments(export: &Export) -> Vec<WantedSegment> {
    let wanted = export.segments().iter().filter(|_| export.create_segment());
    let of =
        |segment: &Segment| WantedSegment { name: segment.name().to_owned(), tag: segment.tag().clone() };
    wanted.map(of).collect()
}
