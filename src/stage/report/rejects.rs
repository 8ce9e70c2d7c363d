//! Every row or contact that did not arrive: `rejects.csv` for a spreadsheet, `rejects.ndjson` exact.

use std::{borrow::Cow, collections::BTreeMap, sync::Arc};

use bytes::{BufMut, Bytes, BytesMut};
use futures_util::{StreamExt, stream};
use serde::Serialize;
use serde_json::value::RawValue;
use tokio::{sync::mpsc, task::JoinHandle};

use super::ReportError;
use crate::{
    ports::objects::{ObjectError, Objects},
    run::{InlineTags, Key, Manifest, Place, Reason, RefusedLine, Rejection, RunRef, StoredContact, Unknown},
};

/// How many bytes of lines are handed over at a time.
const STEP_BYTES: usize = 256 << 10;

/// Reasons that are told apart in the report; a run with more has them in its rejects.
const MAX_REASONS: usize = 50;

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
}

impl<'a> Reject<'a> {
    /// A row that became no contact.
    pub(super) fn refused(line: &'a RefusedLine, manifest: &Manifest) -> Self {
        Self {
            outcome: &line.outcome,
            object: object(manifest, line.at),
            line: line.at.line,
            email: Cow::Borrowed(&line.email),
            field: None,
            code: &line.code,
            reason: &line.reason,
            contact: None,
        }
    }

    /// A contact that Omnisend refused.
    pub(super) fn rejected(
        rejection: &'a Rejection,
        stored: &StoredContact<'a>,
        manifest: &Manifest,
        tags: &InlineTags,
    ) -> Self {
        Self {
            outcome: "rejected",
            object: object(manifest, stored.of.at),
            line: stored.of.at.line,
            email: Cow::Owned(stored.email()),
            field: rejection.field.as_deref(),
            code: &rejection.code,
            reason: &rejection.reason,
            contact: Some(tags.contact(stored.contact, stored.of.tags)),
        }
    }

    /// A contact of which nobody can tell.
    pub(super) fn unknown(
        unknown: &'a Unknown,
        stored: &StoredContact<'a>,
        manifest: &Manifest,
        tags: &InlineTags,
    ) -> Self {
        Self {
            outcome: "unknown",
            object: object(manifest, stored.of.at),
            line: stored.of.at.line,
            email: Cow::Owned(stored.email()),
            field: None,
            code: "unknown",
            reason: &unknown.reason,
            contact: Some(tags.contact(stored.contact, stored.of.tags)),
        }
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
}

impl Writer {
    pub(super) fn start(objects: Arc<dyn Objects>, run: &RunRef) -> Self {
        let mut csv = Output::start(objects.clone(), Key::RejectsCsv(run.clone()));
        // A byte order mark, without which Excel takes UTF-8 for the machine's own code page.
        csv.buffer.put_slice("\u{feff}outcome,object,line,email,field,code,reason\r\n".as_bytes());
        Self { csv, ndjson: Output::start(objects, Key::RejectsNdjson(run.clone())), tally: Tally::default() }
    }

    pub(super) async fn push(&mut self, reject: &Reject<'_>) -> Result<(), ReportError> {
        self.tally.add(reject);
        let line = reject.line.to_string();
        let mut row = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
        row.write_record(
            [
                reject.outcome,
                &reject.object,
                &line,
                &reject.email,
                reject.field.unwrap_or_default(),
                reject.code,
                reject.reason,
            ]
            .map(|cell| neutral(cell).into_owned()),
        )?;
        let row = row.into_inner().map_err(|error| csv::Error::from(error.into_error()))?;
        self.csv.push(&row).await;
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
            let at = crate::run::Location::state("rejects".to_owned());
            Err(ObjectError::Store { at, action: "write", source: Panicked.into() })
        })
    }
}

/// A cell that no spreadsheet takes for a formula, without control characters. The NDJSON has the exact value.
fn neutral(cell: &str) -> Cow<'_, str> {
    let is_formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if !is_formula && !cell.chars().any(char::is_control) {
        return Cow::Borrowed(cell);
    }
    let plain = cell.chars().map(|c| if c.is_control() { ' ' } else { c });
    Cow::Owned(is_formula.then_some('\'').into_iter().chain(plain).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        for (cell, safe) in [
            ("ada@example.com", "ada@example.com"),
            ("=HYPERLINK(\"x\")", "'=HYPERLINK(\"x\")"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "' =1"),
            ("a\u{0}b\u{1b}[31m", "a b [31m"),
        ] {
            assert_eq!(neutral(cell), safe);
        }
    }
}
