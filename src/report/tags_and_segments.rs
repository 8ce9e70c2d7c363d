//! What a run did outside of its batches: tags that it added or removed, and segments that it created in Omnisend.

use super::sanitize::sanitize;
use crate::{
    run::{EnsuredSegment, Report, SegmentState},
    wording::counted,
};

/// Returns the tag changes, such as `60 tags added to 40 contacts`. Empty if all tags were sent in the batches.
pub(super) fn tags(report: &Report) -> Vec<String> {
    let tags = report.tags;
    let contacts = |n: u64| counted(n, "contact", "contacts");
    let changed = |n: u64| counted(n, "tag", "tags");
    let added = format!("{} added to {}", changed(tags.added), contacts(tags.added_to));
    let leavers = if report.undoes.is_some() { "" } else { " that left" };
    let removed = format!("{} removed from {}{leavers}", changed(tags.removed), contacts(tags.removed_from));
    let refused = format!("Omnisend refused to change the tags of {}", contacts(tags.refused));
    let all = [(tags.added, added), (tags.removed, removed), (tags.refused, refused)];
    all.into_iter().filter(|(n, _)| *n > 0).map(|(_, text)| text).collect()
}

/// Returns whether a segment of the export exists in Omnisend, and what to do.
pub(super) fn segment(segment: &EnsuredSegment) -> String {
    let state = match segment.state {
        SegmentState::Created => "was created in Omnisend",
        SegmentState::There => "exists in Omnisend",
        SegmentState::Other => "was not created in Omnisend",
        SegmentState::Failed => "could not be created in Omnisend",
    };
    let advice =
        segment.advice.as_deref().map(|advice| format!(": {}", sanitize(advice))).unwrap_or_default();
    format!("{} (tag \"{}\") {state}{advice}", sanitize(&segment.name), segment.tag.as_str())
}
