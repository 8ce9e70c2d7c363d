//! What was done apart from the batches: tags that were added or taken away, and segments of Omnisend's.

use super::{plain::plain, words::counted};
use crate::run::{EnsuredSegment, Report, SegmentState};

/// What was done to tags: `60 tags added to 40 contacts`. None where all went in their batches.
pub(super) fn tags(report: &Report) -> Vec<String> {
    let tags = report.tags;
    let contacts = |n: u64| counted(n, "contact", "contacts");
    let changed = |n: u64| counted(n, "tag", "tags");
    let added = format!("{} added to {}", changed(tags.added), contacts(tags.added_to));
    let who = if report.undoes.is_some() { "" } else { " that left" };
    let removed = format!("{} taken from {}{who}", changed(tags.removed), contacts(tags.removed_from));
    let refused = format!("Omnisend refused to change those of {}", contacts(tags.refused));
    let all = [(tags.added, added), (tags.removed, removed), (tags.refused, refused)];
    all.into_iter().filter(|(n, _)| *n > 0).map(|(_, said)| said).collect()
}

/// What became of a segment that the export asks for.
pub(super) fn segment(seen: &EnsuredSegment) -> String {
    let what = match seen.state {
        SegmentState::Created => "made in Omnisend",
        SegmentState::There => "there in Omnisend",
        SegmentState::Other => "not made in Omnisend",
        SegmentState::Failed => "could not be made in Omnisend",
    };
    let says = seen.says.as_deref().map(|says| format!(": {}", plain(says))).unwrap_or_default();
    format!("{} on tag {}: {what}{says}", plain(&seen.name), seen.tag.as_str())
}
