//! Rows to chunks: the plan's inner loop. Synchronous, one pass, flat memory; it runs on a blocking thread and
//! hands every finished object to the async side.

use std::collections::BTreeMap;

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::value::RawValue;

use super::{
    consent::{Ledger, OptOuts},
    seen::Seen,
};
use crate::{
    config::{CompleteOn, Export},
    contact::{self, Channel, EmailKey, Invalid, Mapper, ProgramError, Programs, Warnings},
    run::{
        ByReason, ChunkInfo, ConsentCounts, ContactLine, LinesWriter, Origin, Place, Planned, RefusedLine,
        TagSet,
    },
    source::{self, BadRow, ColumnProblem, File, Header, HeadersDiffer, Reading, Row, SourceError},
};

/// The most bytes that a contact may take: a batch of it alone must stay under 1 MB.
const MAX_CONTACT_BYTES: usize = 900_000;

/// Rows that became no contact, by object. Their lines are short.
const REFUSED_LINES: u32 = 40_000;

/// An object that the loop finished.
#[derive(Debug)]
pub(super) enum Finished {
    /// Contacts.
    Chunk(u32, Bytes),
    /// Rows that became no contact.
    Refused(u32, Bytes),
}

/// Takes finished objects; fails where nobody waits for them any more.
pub(super) trait Sink {
    /// Takes one.
    fn take(&mut self, finished: Finished) -> Result<(), PrepareError>;
}

/// Why the loop stopped.
#[derive(Debug, thiserror::Error)]
pub enum PrepareError {
    /// The file cannot be trusted.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// Its columns are not those of another file of the drop.
    #[error("its columns are not those of the first file: {differs}")]
    Headers {
        /// The other file, counted from 0.
        first: usize,
        /// How they differ.
        differs: HeadersDiffer,
    },
    /// A template or the filter cannot be read.
    #[error(transparent)]
    Program(Box<ProgramError>),
    /// A line could not be written or compressed.
    #[error("could not prepare a chunk: {0}")]
    Write(#[from] std::io::Error),
    /// The other side has stopped.
    #[error("the plan was stopped")]
    Stopped,
}

impl From<ProgramError> for PrepareError {
    fn from(error: ProgramError) -> Self {
        Self::Program(Box::new(error))
    }
}

/// What the loop made of the rows.
#[derive(Debug)]
pub(super) struct Prepared {
    pub planned: Planned,
    pub chunks: Vec<ChunkInfo>,
    pub refused_parts: u32,
    pub warnings: ByReason,
    pub consent: BTreeMap<Channel, ConsentCounts>,
    /// Opt-outs that are to be put into the chunks.
    pub opt_outs: OptOuts,
    /// Whether reading ended where there were more contacts than the export allows.
    pub cut_short: bool,
    /// The first contacts, for a dry run to show.
    pub first_contacts: Vec<(EmailKey, TagSet, Box<RawValue>)>,
}

type Contact<'a> = contact::Prepared<'a>;

/// How many contacts a dry run shows.
const FIRST_CONTACTS: usize = 3;

/// The loop's state over one run.
struct Preparation<'a, S> {
    sink: &'a mut S,
    chunk_contacts: u32,
    seen: Seen,
    ledger: Ledger,
    now: Timestamp,
    contacts: LinesWriter,
    refused: LinesWriter,
    planned: Planned,
    chunks: Vec<ChunkInfo>,
    refused_parts: u32,
    max_profiles: u64,
    cut_short: bool,
    first_contacts: Vec<(EmailKey, TagSet, Box<RawValue>)>,
    /// Memory that is used again for each contact.
    scratch: Vec<u8>,
    /// The columns of the first file that has any, and which file it is.
    header: Option<(usize, Header)>,
    /// Columns that no row of the files so far had, where these have no header; `None`: there is no such file yet.
    absent: Option<Vec<ColumnProblem>>,
}

/// Reads a segment's files, and hands over its contacts in chunks of `chunk_contacts`. An error comes with the file
/// that it is about, counted from 0. `now` is when the run was started. Reading ends above `max_profiles` contacts.
pub(super) fn prepare<'f, S: Sink>(
    files: impl IntoIterator<Item = (&'f dyn File, &'f Reading)>,
    export: &Export,
    now: Timestamp,
    (chunk_contacts, max_profiles): (u32, u64),
    sink: &mut S,
) -> Result<Prepared, (usize, PrepareError)> {
    let mut preparation = Preparation::new(sink, export, now, (chunk_contacts, max_profiles))
        .map_err(|error| (0, error.into()))?;
    let programs = Programs::compile(export.mapping()).map_err(|error| (0, error.into()))?;
    let mut warnings = ByReason::new();
    let mut last = 0;
    for (n, (file, reading)) in files.into_iter().enumerate() {
        last = n;
        preparation.file(n, file, reading, (export, &programs), &mut warnings).map_err(|error| (n, error))?;
        if preparation.cut_short {
            break;
        }
    }
    preparation.finish(warnings).map_err(|error| (last, error))
}

impl<'a, S: Sink> Preparation<'a, S> {
    fn new(
        sink: &'a mut S,
        export: &Export,
        now: Timestamp,
        (chunk_contacts, max_profiles): (u32, u64),
    ) -> std::io::Result<Self> {
        Ok(Self {
            sink,
            chunk_contacts,
            seen: Seen::new(),
            ledger: Ledger::new(&export.mapping().consent),
            now,
            contacts: LinesWriter::new()?,
            refused: LinesWriter::new()?,
            planned: Planned::default(),
            chunks: Vec::new(),
            refused_parts: 0,
            max_profiles,
            cut_short: false,
            first_contacts: Vec::new(),
            scratch: Vec::new(),
            header: None,
            absent: None,
        })
    }

    /// Reads one file to its end, or until there are too many contacts.
    fn file(
        &mut self,
        n: usize,
        file: &dyn File,
        reading: &Reading,
        (export, programs): (&Export, &Programs),
        all_warnings: &mut ByReason,
    ) -> Result<(), PrepareError> {
        let mapping = export.mapping();
        let object = u32::try_from(n).unwrap_or(u32::MAX);
        let columns = mapping.columns();
        let wanted: Vec<&str> = columns.iter().map(String::as_str).collect();
        let mut rows = match source::open(file, reading, &wanted) {
            // Some producers write a file for each of their workers, also for those that had nothing to write.
            Err(SourceError::Empty) if *export.segment().complete_on() != CompleteOn::Object => return Ok(()),
            opened => opened?,
        };
        self.same_columns(n, rows.header())?;
        let mapper =
            Mapper::bind(mapping, programs, rows.header(), self.now).map_err(SourceError::Columns)?;
        let (mut row, mut warnings) = (Row::default(), Warnings::default());
        while let Some(readable) = rows.next(&mut row)? {
            self.planned.read += 1;
            let at = Place { object, line: row.line() };
            if let Err(bad) = readable {
                self.invalid(at, bad.code(), bad.to_string(), "")?;
                continue;
            }
            match mapper.contact(&row, &mut warnings) {
                Err(invalid) => {
                    self.opt_out(&mapper, &row);
                    self.invalid(at, &invalid.code(), invalid.to_string(), &mapper.email_cell(&row))?;
                }
                Ok(None) => {
                    self.opt_out(&mapper, &row);
                    self.planned.filtered += 1;
                }
                Ok(Some(contact)) => self.contact(at, contact, &mapper.email_cell(&row))?,
            }
            if self.planned.sent + self.planned.unchanged > self.max_profiles {
                self.cut_short = true;
                break;
            }
        }
        for (of, reasons) in mapper.named(&warnings) {
            let all = all_warnings.entry(of).or_default();
            for (reason, count) in reasons {
                *all.entry(reason).or_default() += count;
            }
        }
        if let Some(mut absent) = rows.absent() {
            if let Some(before) = &self.absent {
                absent.retain(|column| before.iter().any(|before| before.wanted() == column.wanted()));
            }
            self.absent = Some(absent);
        }
        Ok(())
    }

    fn same_columns(&mut self, n: usize, header: &Header) -> Result<(), PrepareError> {
        match &self.header {
            None => self.header = Some((n, header.clone())),
            Some((first, before)) => {
                if let Some(differs) = header.differs_from(before) {
                    return Err(PrepareError::Headers { first: *first, differs });
                }
            }
        }
        Ok(())
    }

    /// Hands over what is left, when every file was read.
    fn finish(mut self, warnings: ByReason) -> Result<Prepared, PrepareError> {
        self.finish_chunk()?;
        self.finish_refused()?;
        if let (false, Some(absent)) =
            (self.cut_short, self.absent.take().filter(|absent| !absent.is_empty()))
        {
            return Err(SourceError::Columns(absent).into());
        }
        let (consent, opt_outs) = self.ledger.finish();
        Ok(Prepared {
            planned: self.planned,
            chunks: self.chunks,
            refused_parts: self.refused_parts,
            warnings,
            consent,
            opt_outs,
            cut_short: self.cut_short,
            first_contacts: self.first_contacts,
        })
    }

    fn contact(&mut self, at: Place, mut contact: Contact<'_>, email: &str) -> Result<(), PrepareError> {
        let key = contact.key();
        if let Some(note) = self.seen.insert(key) {
            if self.ledger.is_kept() {
                self.seen.note(key, self.ledger.again(key, note, &contact.consent));
            }
            return self.duplicate(at, email);
        }
        self.ledger.taken(key, &mut contact);
        let hash = contact.hash(&mut self.scratch);
        let of = Origin { at, hash, tags: TagSet::of(0), known_tags: TagSet::default() };
        let bytes = self.contacts.push(&ContactLine { of, contact: &contact }, MAX_CONTACT_BYTES)?;
        if bytes > MAX_CONTACT_BYTES {
            let reason = format!("the contact takes {bytes} bytes, more than a request to Omnisend may");
            return self.invalid(at, "too_large", reason, email);
        }
        self.planned.sent += 1;
        if self.ledger.is_kept() {
            self.seen.note(key, self.ledger.sent(&contact));
        }
        if self.first_contacts.len() < FIRST_CONTACTS {
            self.first_contacts
                .extend(serde_json::value::to_raw_value(&contact).map(|contact| (key, of.tags, contact)));
        }
        if self.contacts.lines() >= self.chunk_contacts { self.finish_chunk() } else { Ok(()) }
    }

    /// A row that makes no contact, though its address is one: an opt-out in it counts all the same.
    fn opt_out(&mut self, mapper: &Mapper<'_>, row: &Row) {
        let Some((key, said)) = mapper.consent(row).filter(|_| self.ledger.is_kept()) else { return };
        match self.seen.get(key) {
            Some(note) => self.seen.note(key, self.ledger.again(key, note, &said)),
            None => self.ledger.refused(key, &said),
        }
    }

    fn invalid(&mut self, at: Place, code: &str, reason: String, email: &str) -> Result<(), PrepareError> {
        self.planned.invalid += 1;
        self.refuse(&RefusedLine {
            at,
            outcome: "invalid".to_owned(),
            code: code.to_owned(),
            reason,
            email: email.to_owned(),
        })
    }

    fn duplicate(&mut self, at: Place, email: &str) -> Result<(), PrepareError> {
        self.planned.duplicate += 1;
        self.refuse(&RefusedLine {
            at,
            outcome: "duplicate".to_owned(),
            code: "duplicate".to_owned(),
            reason: "an earlier row has this e-mail; the first one was taken".to_owned(),
            email: email.to_owned(),
        })
    }

    fn refuse(&mut self, line: &RefusedLine) -> Result<(), PrepareError> {
        self.refused.push(line, usize::MAX)?;
        if self.refused.lines() >= REFUSED_LINES { self.finish_refused() } else { Ok(()) }
    }

    fn finish_chunk(&mut self) -> Result<(), PrepareError> {
        let contacts = self.contacts.lines();
        if contacts == 0 {
            return Ok(());
        }
        let n = u32::try_from(self.chunks.len()).unwrap_or(u32::MAX);
        self.chunks.push(ChunkInfo { contacts, revised: false });
        self.sink.take(Finished::Chunk(n, self.contacts.finish()?))
    }

    fn finish_refused(&mut self) -> Result<(), PrepareError> {
        if self.refused.lines() == 0 {
            return Ok(());
        }
        let n = self.refused_parts;
        self.refused_parts += 1;
        self.sink.take(Finished::Refused(n, self.refused.finish()?))
    }
}

impl BadRow {
    fn code(self) -> &'static str {
        match self {
            Self::Ragged { .. } => "ragged_row",
            Self::Nul => "nul_byte",
            Self::Encoding => "encoding",
            Self::Json => "json",
            Self::NotObject => "not_an_object",
        }
    }
}

impl Invalid {
    fn code(&self) -> String {
        match self {
            Self::NoEmail => "no_email".to_owned(),
            Self::Email => "invalid_email".to_owned(),
            Self::Field { field, .. } => format!("invalid_{field}"),
            Self::Consent { cell, .. } => format!("invalid_{cell}"),
            Self::Filter => "filter_failed".to_owned(),
        }
    }
}
