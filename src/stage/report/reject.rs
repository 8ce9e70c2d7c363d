//! A row or contact that did not arrive.

use std::borrow::Cow;

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::{
    contact::{ContactHash, Tag},
    run::{
        InlineTags, Manifest, Place, RejectedLine, Rejection, RowOutcome, StoredContact, TAG_SEPARATOR,
        TagSet,
    },
};

/// A row or contact that did not arrive, as a line of `rejects.ndjson`.
#[derive(Debug, Serialize)]
pub(super) struct Reject<'a> {
    pub outcome: RowOutcome,
    /// The source object.
    pub object: String,
    /// The line at which the row begins, counted from 1.
    pub line: u64,
    pub email: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<&'a str>,
    pub code: &'a str,
    pub reason: &'a str,
    /// The contact as it was sent, if it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Row::is_unknown")]
    pub cells: Row<'a>,
    /// The tags that the contact was to get.
    #[serde(skip)]
    pub tags: String,
    /// Whether the row can be corrected and sent again.
    #[serde(skip)]
    pub is_correctable: bool,
}

/// A row's cells in the mapping's columns, as they are in the source.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row<'a> {
    pub columns: &'a [String],
    /// In the order of `columns`; empty if the row could not be read again.
    pub cells: &'a [String],
}

impl Row<'_> {
    fn is_unknown(&self) -> bool {
        self.cells.is_empty()
    }
}

impl Serialize for Row<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.columns.iter().zip(self.cells))
    }
}

/// Makes the rejects of a run.
#[derive(Debug)]
pub(super) struct RejectMaker<'m> {
    pub manifest: &'m Manifest,
    pub columns: Vec<String>,
    inline: InlineTags,
}

impl<'m> RejectMaker<'m> {
    pub(super) fn new(manifest: &'m Manifest) -> Self {
        let columns = manifest.mapping.columns();
        Self { manifest, columns, inline: InlineTags::of(&manifest.tags) }
    }

    /// Returns the reject of a row that did not become a contact.
    pub(super) fn refused<'a>(&'a self, line: &'a RejectedLine) -> Reject<'a> {
        Reject {
            outcome: line.outcome,
            object: self.object(line.at),
            line: line.at.line,
            email: Cow::Borrowed(&line.email),
            field: None,
            code: &line.code,
            reason: &line.reason,
            contact: None,
            cells: Row { columns: &self.columns, cells: &line.cells },
            tags: self.tags(line.tags),
            // A corrected duplicate would overwrite the values of the row that was sent.
            is_correctable: line.outcome != RowOutcome::Duplicate,
        }
    }

    /// Returns the reject of a contact that Omnisend rejected.
    pub(super) fn rejected<'a>(
        &'a self,
        rejection: &'a Rejection,
        stored: &StoredContact<'a>,
        cells: &'a [String],
    ) -> Reject<'a> {
        Reject {
            outcome: RowOutcome::Rejected,
            field: rejection.field.as_deref(),
            code: &rejection.code,
            ..self.unknown(&rejection.reason, stored, cells)
        }
    }

    /// Returns the reject of a contact whose outcome is unknown.
    pub(super) fn unknown<'a>(
        &'a self,
        reason: &'a str,
        stored: &StoredContact<'a>,
        cells: &'a [String],
    ) -> Reject<'a> {
        Reject {
            outcome: RowOutcome::Unknown,
            object: self.object(stored.origin.at),
            line: stored.origin.at.line,
            email: Cow::Owned(stored.email()),
            field: None,
            code: RowOutcome::Unknown.as_str(),
            reason,
            contact: Some(self.inline.contact(stored.contact, stored.origin.tags)),
            cells: Row { columns: &self.columns, cells },
            tags: self.tags(stored.origin.tags),
            // Without a hash, it is the opt-out of a duplicate, which was sent alone: its row would overwrite the first
            // row's values.
            is_correctable: stored.origin.hash != ContactHash::NONE,
        }
    }

    fn tags(&self, tags: TagSet) -> String {
        let tags: Vec<&str> = tags.among(&self.manifest.tags).map(Tag::as_str).collect();
        tags.join(TAG_SEPARATOR)
    }

    fn object(&self, at: Place) -> String {
        let object = self.manifest.source.get(at.object as usize);
        object.map(|object| object.location.to_string()).unwrap_or_default()
    }
}
