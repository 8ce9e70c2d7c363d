//! Every row or contact that did not arrive: `rejects.csv` for a spreadsheet, to be corrected there and dropped again,
//! and `rejects.ndjson`, exact and with the duplicates.

use crate::keys::Key;
use std::{borrow::Cow, collections::BTreeMap, sync::Arc};

use bytes::{BufMut, Bytes, BytesMut};
use futures_util::{StreamExt, stream};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use tokio::{sync::mpsc, task::JoinHandle};

use super::ReportError;
use crate::{
    contact::{ContactHash, Source, Tag},
    ports::objects::{Action, ObjectError, Objects},
    run::{
        InlineTags, Manifest, Place, REJECT_OUTCOME, REJECT_RUN, REJECT_TAGS, Reason, RefusedLine, Rejection,
        StoredContact, TAG_SEPARATOR, TagSet,
    },
    source::neutral,
};

/// How many bytes of lines are handed over at a time.
const STEP_BYTES: usize = 256 << 10;

/// Reasons that are told apart in the report; a run with more has them in its rejects.
const MAX_REASONS: usize = 50;

/// What the columns of ours are called, which no source has: a file that has the first is one of rejects.
const COLUMNS: [&str; 8] = [
    REJECT_RUN,
    "reject_line",
    "reject_object",
    REJECT_OUTCOME,
    "reject_field",
    "reject_code",
    "reject_reason",
    REJECT_TAGS,
];

/// A row or contact that did not arrive.
#[derive(Debug, Serialize)]
pub(super) struct Reject<'a> {
    /// `invalid`, `duplicate`, `rejected` or `unknown`.
    outcome: &'a str,
    /// The source object.
    object: String,
    /// The line that its row begins at.
    line: u64,
    email: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'a str>,
    code: &'a str,
    reason: &'a str,
    /// The contact as it was sent, if it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    contact: Option<Box<RawValue>>,
    /// The row's cells by the mapping's columns, as they are in the source, where they are known.
    #[serde(skip_serializing_if = "Row::is_unknown")]
    cells: Row<'a>,
    /// The tags that the contact was to get.
    #[serde(skip)]
    tags: String,
    /// Whether the row can be corrected and sent again.
    #[serde(skip)]
    comes_back: bool,
}

/// A row's cells beside the columns that they are in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row<'a> {
    columns: &'a [String],
    cells: &'a [String],
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

/// What every reject of a run is told by.
#[derive(Debug)]
pub(super) struct Of<'m> {
    manifest: &'m Manifest,
    inline: InlineTags,
    columns: Vec<String>,
}

impl<'m> Of<'m> {
    pub(super) fn new(manifest: &'m Manifest) -> Self {
        let columns = manifest.mapping.columns();
        Self { manifest, inline: InlineTags::of(&manifest.tags), columns }
    }

    /// A row that became no contact.
    pub(super) fn refused<'a>(&'a self, line: &'a RefusedLine) -> Reject<'a> {
        Reject {
            outcome: &line.outcome,
            object: object(self.manifest, line.at),
            line: line.at.line,
            email: Cow::Borrowed(&line.email),
            field: None,
            code: &line.code,
            reason: &line.reason,
            contact: None,
            cells: Row { columns: &self.columns, cells: &line.cells },
            tags: self.tags(line.tags),
            // One that came back would replace the row that was taken.
            comes_back: line.outcome != "duplicate",
        }
    }

    /// A contact that Omnisend refused.
    pub(super) fn rejected<'a>(
        &'a self,
        rejection: &'a Rejection,
        stored: &StoredContact<'a>,
        cells: &'a [String],
    ) -> Reject<'a> {
        Reject {
            outcome: "rejected",
            field: rejection.field.as_deref(),
            code: &rejection.code,
            reason: &rejection.reason,
            ..self.unknown(&rejection.reason, stored, cells)
        }
    }

    /// A contact of which nobody can tell.
    pub(super) fn unknown<'a>(
        &'a self,
        reason: &'a str,
        stored: &StoredContact<'a>,
        cells: &'a [String],
    ) -> Reject<'a> {
        Reject {
            outcome: "unknown",
            object: object(self.manifest, stored.of.at),
            line: stored.of.at.line,
            email: Cow::Owned(stored.email()),
            field: None,
            code: "unknown",
            reason,
            contact: Some(self.inline.contact(stored.contact, stored.of.tags)),
            cells: Row { columns: &self.columns, cells },
            tags: self.tags(stored.of.tags),
            // An opt-out of a second row, sent alone: its row would replace the first one's values.
            comes_back: stored.of.hash != ContactHash::NONE,
        }
    }

    fn tags(&self, tags: TagSet) -> String {
        let tags: Vec<&str> = tags.among(&self.manifest.tags).map(Tag::as_str).collect();
        tags.join(TAG_SEPARATOR)
    }
}

fn object(manifest: &Manifest, at: Place) -> String {
    manifest.source.get(at.object as usize).map(|object| object.location.to_string()).unwrap_or_default()
}

/// How many share a reason, by outcome and code.
#[derive(Debug, Default)]
pub(super) struct Tally {
    counts: BTreeMap<(String, String), (u64, String)>,
}

impl Tally {
    fn add(&mut self, reject: &Reject<'_>) {
        let key = (reject.outcome.to_owned(), reject.code.to_owned());
        let entry = self.counts.entry(key).or_insert_with(|| (0, reject.reason.to_owned()));
        entry.0 += 1;
    }

    /// The reasons, most frequent first.
    pub(super) fn reasons(self) -> Vec<Reason> {
        let mut reasons: Vec<Reason> = self
            .counts
            .into_iter()
            .map(|((outcome, code), (count, reason))| Reason { outcome, code, reason, count })
            .collect();
        reasons.sort_by_key(|reason| std::cmp::Reverse(reason.count));
        reasons.truncate(MAX_REASONS);
        reasons
    }
}

/// Streams both files while the run's objects are read.
pub(super) struct Writer {
    csv: Output,
    ndjson: Output,
    tally: Tally,
    run: String,
    /// Where an e-mail goes whose row is not known.
    email: Option<usize>,
}

impl Writer {
    pub(super) async fn start(objects: Arc<dyn Objects>, of: &Of<'_>) -> Result<Self, ReportError> {
        let run = &of.manifest.run;
        let mut writer = Self {
            csv: Output::start(objects.clone(), Key::RejectsCsv(run.clone())),
            ndjson: Output::start(objects, Key::RejectsNdjson(run.clone())),
            tally: Tally::default(),
            run: run.to_string(),
            // The mapping's first column, unless it is made of several.
            email: (!matches!(of.manifest.mapping.email, Source::Template(_))).then_some(0),
        };
        // A byte order mark, without which Excel takes UTF-8 for the machine's own code page.
        writer.csv.push("\u{feff}".as_bytes()).await;
        let columns = of.columns.iter().map(|column| neutral(column));
        writer.csv.push(&record(COLUMNS.into_iter().map(Cow::Borrowed).chain(columns))?).await;
        Ok(writer)
    }

    pub(super) async fn push(&mut self, reject: &Reject<'_>) -> Result<(), ReportError> {
        self.tally.add(reject);
        if reject.comes_back {
            let line = reject.line.to_string();
            let said = [
                &self.run,
                &line,
                &reject.object,
                reject.outcome,
                reject.field.unwrap_or_default(),
                reject.code,
                reject.reason,
                &reject.tags,
            ];
            let Row { columns, cells } = reject.cells;
            let cells = (0..columns.len()).map(|at| match cells.get(at) {
                Some(cell) => neutral(cell),
                // Of a row that is not known, its address at least.
                None if self.email == Some(at) && reject.contact.is_some() => neutral(&reject.email),
                None => Cow::Borrowed(""),
            });
            self.csv.push(&record(said.into_iter().map(shown).chain(cells))?).await;
        }
        let json =
            serde_json::to_vec(reject).map_err(|error| csv::Error::from(std::io::Error::from(error)))?;
        self.ndjson.push(&json).await;
        self.ndjson.push(b"\n").await;
        Ok(())
    }

    /// Ends both files, and waits until they are written.
    pub(super) async fn finish(self) -> Result<Tally, ReportError> {
        self.csv.finish().await?;
        self.ndjson.finish().await?;
        Ok(self.tally)
    }
}

/// A bug. The panic's own message may quote a contact.
#[derive(Debug, thiserror::Error)]
#[error("it panicked; this is a bug in omnisend-export, and the log says where")]
struct Panicked;

/// One file on its way.
struct Output {
    buffer: BytesMut,
    sender: mpsc::Sender<Result<Bytes, ObjectError>>,
    written: JoinHandle<Result<(), ObjectError>>,
}

impl Output {
    fn start(objects: Arc<dyn Objects>, key: Key) -> Self {
        let (sender, receiver) = mpsc::channel(2);
        let body = stream::unfold(receiver, |mut receiver| async {
            let piece = receiver.recv().await?;
            Some((piece, receiver))
        });
        let written = tokio::spawn(async move { objects.put_stream(&(&key).into(), body.boxed()).await });
        Self { buffer: BytesMut::new(), sender, written }
    }

    async fn push(&mut self, bytes: &[u8]) {
        self.buffer.put_slice(bytes);
        if self.buffer.len() >= STEP_BYTES {
            // If nobody takes it, the writing failed; `finish` says why.
            let _ = self.sender.send(Ok(self.buffer.split().freeze())).await;
        }
    }

    async fn finish(mut self) -> Result<(), ObjectError> {
        let _ = self.sender.send(Ok(self.buffer.split().freeze())).await;
        drop(self.sender);
        // The task ends by itself; only the runtime's own end could take it away.
        self.written.await.unwrap_or_else(|_| {
            let at = crate::keys::Location::state("rejects".to_owned());
            Err(ObjectError::Store { at, action: Action::Write, source: Panicked.into() })
        })
    }
}

/// A row of the CSV.
fn record<'c>(cells: impl Iterator<Item = Cow<'c, str>>) -> Result<Vec<u8>, csv::Error> {
    let mut row = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    row.write_record(cells.map(Cow::into_owned))?;
    row.into_inner().map_err(|error| csv::Error::from(error.into_error()))
}

/// What is said of a row, for a spreadsheet: no formula, and no control character.
fn shown(text: &str) -> Cow<'_, str> {
    if text.chars().any(char::is_control) {
        let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        return Cow::Owned(neutral(&plain).into_owned());
    }
    neutral(text)
}
