//! The tags of the segments that a run reads, as sets of the export's tags.

use crate::{
    config::{CompleteOn, Export, Segment},
    run::TagSet,
    stage::drop::{Source, Sources},
};

/// Returns a segment's position in its export.
pub(super) fn place(export: &Export, segment: &Segment) -> Option<usize> {
    export.segments().iter().position(|other| other.tag() == segment.tag())
}

fn tag(export: &Export, segment: &Segment) -> TagSet {
    place(export, segment).map(TagSet::of).unwrap_or_default()
}

/// Returns the tag of a drop's rows. It is empty for corrections that were not dropped at a segment: their rows name
/// their tags.
pub(super) fn of_rows(export: &Export, sources: &Sources, source: &Source) -> TagSet {
    let is_dropped = sources.corrects().is_none() || *source.segment.complete_on() == CompleteOn::Object;
    if is_dropped { tag(export, &source.segment) } else { TagSet::default() }
}

/// Returns the tags of the segments that the run reads as a whole: none for corrections.
pub(super) fn of_whole_segments(export: &Export, sources: &Sources) -> TagSet {
    let whole = sources.drops().iter().filter(|_| sources.corrects().is_none());
    whole.fold(TagSet::default(), |all, source| all.with(tag(export, &source.segment)))
}
