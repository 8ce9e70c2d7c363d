//! The columns of a corrected rejects file that describe its rows.

use crate::{
    config::Export,
    contact::Tag,
    run::{REJECT_OUTCOME, REJECT_TAGS, TAG_SEPARATOR, TagSet},
};
use segment_files::{Header, Row};

/// The columns of a corrected rejects file.
#[derive(Debug)]
pub(super) struct CorrectionColumns {
    /// The export's tags.
    tags: Vec<Tag>,
    outcome: Option<usize>,
    reject_tags: Option<usize>,
}

impl CorrectionColumns {
    pub(super) fn find(header: &Header, export: &Export) -> Self {
        let find = |name| header.find(name).ok();
        Self { tags: export.tags(), outcome: find(REJECT_OUTCOME), reject_tags: find(REJECT_TAGS) }
    }

    /// Whether the row is a duplicate. Sending it would overwrite the contact of the earlier row.
    pub(super) fn is_duplicate(&self, row: &Row) -> bool {
        self.outcome.is_some_and(|column| row.cell(column) == "duplicate")
    }

    /// Returns the tags of a row's contact: those in `reject_tags` that the export still has, or `of_segment` if there
    /// are none. If the export has one segment, always its tag.
    pub(super) fn tags(&self, row: &Row, of_segment: TagSet) -> TagSet {
        let written = self.reject_tags.map(|column| row.cell(column)).unwrap_or_default();
        let place = |tag: &str| self.tags.iter().position(|known| known.as_str() == tag.trim());
        let places = written.split(TAG_SEPARATOR.trim()).filter_map(place);
        let tags = places.fold(TagSet::default(), |all, place| all.with(TagSet::of(place)));
        match self.tags.as_slice() {
            [_] => TagSet::of(0),
            _ if tags.is_empty() => of_segment,
            _ => tags,
        }
    }
}
