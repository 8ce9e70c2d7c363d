//! Rows to chunks: the plan's inner loop. Synchronous, one pass, flat memory; it runs on a blocking thread and
//! hands every finished object to the async side.

use std::collections::BTreeMap;

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::value::RawValue;

use super::{
    consent::{Ledger, OptOuts},
    corrections,
    overlap::Overlap,
    removals,
    roster::{Met, Roster, Who},
};
use crate::{
    config::Export,
    contact::{
        self, Channel, Columns, ContactHash, EmailKey, Invalid, Mapper, ProgramError, Programs, Warnings,
    },
    run::{
        ByReason, ChunkInfo, ConsentCounts, ContactLine, LinesWriter, Origin, Place, Planned, RefusedLine,
        TagSet,
    },
    source::{self, BadRow, ColumnProblem, File, Header, HeadersDiffer, Reading, Row, SourceError},
};

/// The most bytes that a contact may take: a batch of it alone must stay under 1 MB.
const MAX_CONTACT_BYTES: usize = 900_000;

/// Rows that became no contact, by object.
const REFUSED_LINES: u32 = 40_000;

/// How many bytes of them, where they are long: a report unpacks an object whole.
const REFUSED_BYTES: usize = 32 << 20;

/// An object that the loop finished.
#[derive(Debug)]
pub(super) enum Finished {
    /// Contacts.
    Chunk(u32, Bytes),
    /// Rows that became no contact.
    Refused(u32, Bytes),
    /// Who is to lose tags.
    Removals(u32, Bytes),
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
    /// The snapshot's list of members cannot be read.
    #[error("the export's list of members cannot be read: {0}")]
    Snapshot(#[source] std::io::Error),
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
    /// How many contacts the source has with each tag.
    pub with_tag: [u64; TagSet::MAX],
    /// How many contacts are in several segments, and how many of them differ there.
    pub overlapping: u64,
    pub conflicting: u64,
    /// How many are to lose tags, and how many of them each object holds.
    pub leaving: u64,
    pub removals: Vec<u32>,
    /// The first contacts, for a dry run to show.
    pub first_contacts: Vec<(EmailKey, TagSet, Box<RawValue>)>,
}

type Contact<'a> = contact::Prepared<'a>;

/// A row, and where it stands.
#[derive(Debug, Clone, Copy)]
struct Spot<'r> {
    at: Place,
    /// The tags that a contact of it gets.
    tag: TagSet,
    row: &'r Row,
    /// Where the mapping's columns are in it.
    columns: &'r Columns,
}

impl Spot<'_> {
    /// What it has in the mapping's columns.
    fn cells(&self) -> Vec<String> {
        self.columns.cells(self.row)
    }
}

/// How many contacts a dry run shows.
const FIRST_CONTACTS: usize = 3;

/// The loop's state over one run.
struct Preparation<'a, S> {
    sink: &'a mut S,
    chunk_contacts: u32,
    roster: Roster,
    overlap: Overlap,
    ledger: Ledger,
    now: Timestamp,
    corrects: bool,
    contacts: LinesWriter,
    refused: LinesWriter,
    refused_bytes: usize,
    planned: Planned,
    chunks: Vec<ChunkInfo>,
    refused_parts: u32,
    max_profiles: u64,
    cut_short: bool,
    with_tag: [u64; TagSet::MAX],
    overlapping: u64,
    conflicting: u64,
    first_contacts: Vec<(EmailKey, TagSet, Box<RawValue>)>,
    /// Memory that is used again for each contact.
    scratch: Vec<u8>,
    /// The columns of the first file that has any, and which file it is.
    header: Option<(usize, Header)>,
    /// Columns that no row of the files so far had, where these have no header; `None`: there is no such file yet.
    absent: Option<Vec<ColumnProblem>>,
}

/// A file of a segment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Input<'f> {
    pub file: &'f dyn File,
    pub reading: &'f Reading,
    /// The segment's tag.
    pub tag: TagSet,
    /// Whether it may have nothing: it is one of several files.
    pub may_be_empty: bool,
}

/// How a run's rows become its contacts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules<'a> {
    pub export: &'a Export,
    /// When the run was started.
    pub now: Timestamp,
    pub chunk_contacts: u32,
    /// Reading ends above so many contacts.
    pub max_profiles: u64,
    /// Whether the rows are rejects that were corrected.
    pub corrects: bool,
}

/// From whom a run takes tags.
pub(super) struct Removing<'a> {
    /// The tags that it may take.
    pub tags: TagSet,
    /// The snapshot's list of members; none where the run takes no tag, and only counts who would lose one.
    pub list: Option<&'a dyn File>,
}

/// Reads the files of a run's segments, and hands over its contacts in chunks. An error comes with the file that it is
/// about, counted from 0.
pub(super) fn prepare<S: Sink>(
    inputs: &[Input<'_>],
    rules: Rules<'_>,
    (roster, ledger): (Roster, Ledger),
    removing: &Removing<'_>,
    sink: &mut S,
) -> Result<Prepared, (usize, PrepareError)> {
    let mut preparation = Preparation::new(sink, rules, roster, ledger).map_err(|error| (0, error.into()))?;
    let programs = Programs::compile(rules.export.mapping()).map_err(|error| (0, error.into()))?;
    preparation.look_ahead(inputs, (rules.export, &programs))?;
    let mut warnings = ByReason::new();
    let mut last = 0;
    for (n, input) in inputs.iter().enumerate() {
        last = n;
        preparation.file(n, input, (rules.export, &programs), &mut warnings).map_err(|error| (n, error))?;
        if preparation.cut_short {
            break;
        }
    }
    preparation.finish(warnings, removing).map_err(|error| (last, error))
}

impl<'a, S: Sink> Preparation<'a, S> {
    fn new(sink: &'a mut S, rules: Rules<'_>, roster: Roster, ledger: Ledger) -> std::io::Result<Self> {
        Ok(Self {
            sink,
            chunk_contacts: rules.chunk_contacts,
            roster,
            overlap: Overlap::default(),
            ledger,
            now: rules.now,
            corrects: rules.corrects,
            contacts: LinesWriter::new()?,
            refused: LinesWriter::new()?,
            refused_bytes: 0,
            planned: Planned::default(),
            chunks: Vec::new(),
            refused_parts: 0,
            max_profiles: rules.max_profiles,
            cut_short: false,
            with_tag: [0; TagSet::MAX],
            overlapping: 0,
            conflicting: 0,
            first_contacts: Vec::new(),
            scratch: Vec::new(),
            header: None,
            absent: None,
        })
    }

    /// Reads the segments after the first: who is in several is sent once, and first of all.
    fn look_ahead(
        &mut self,
        inputs: &[Input<'_>],
        (export, programs): (&Export, &Programs),
    ) -> Result<(), (usize, PrepareError)> {
        let Some(first) = inputs.first().map(|input| input.tag) else { return Ok(()) };
        for (n, input) in inputs.iter().enumerate().filter(|(_, input)| input.tag != first) {
            self.look_ahead_in(input, (export, programs)).map_err(|error| (n, error))?;
        }
        Ok(())
    }

    fn look_ahead_in(
        &mut self,
        input: &Input<'_>,
        (export, programs): (&Export, &Programs),
    ) -> Result<(), PrepareError> {
        let Some(mut rows) = open(input, export)? else { return Ok(()) };
        let mapper = Mapper::bind(export.mapping(), programs, rows.header(), self.now)
            .map_err(SourceError::Columns)?;
        let (mut row, mut warnings) = (Row::default(), Warnings::default());
        while let Some(readable) = rows.next(&mut row)? {
            // What is wrong with a row is said when it is read again.
            if let (Ok(()), Ok(Some(contact))) = (readable, mapper.contact(&row, &mut warnings)) {
                self.overlap.add(contact.key(), input.tag, contact.hash(&mut self.scratch));
            }
        }
        Ok(())
    }

    /// Reads one file to its end, or until there are too many contacts.
    fn file(
        &mut self,
        n: usize,
        input: &Input<'_>,
        (export, programs): (&Export, &Programs),
        all_warnings: &mut ByReason,
    ) -> Result<(), PrepareError> {
        let mapping = export.mapping();
        let object = u32::try_from(n).unwrap_or(u32::MAX);
        let Some(mut rows) = open(input, export)? else { return Ok(()) };
        self.same_columns(n, rows.header())?;
        let mapper =
            Mapper::bind(mapping, programs, rows.header(), self.now).map_err(SourceError::Columns)?;
        let (columns, unknown) = (Columns::find(mapping, rows.header()), Columns::none());
        let corrections = self.corrects.then(|| corrections::Columns::find(rows.header(), export));
        let (mut row, mut warnings) = (Row::default(), Warnings::default());
        while let Some(readable) = rows.next(&mut row)? {
            self.planned.read += 1;
            let at = Place { object, line: row.line() };
            if let Err(bad) = readable {
                // Which of its cells is which cannot be told.
                let nowhere = Spot { at, tag: input.tag, row: &row, columns: &unknown };
                self.invalid(&nowhere, bad.code(), bad.to_string(), "")?;
                continue;
            }
            let tag = match &corrections {
                None => input.tag,
                Some(corrections) if corrections.is_duplicate(&row) => {
                    self.planned.filtered += 1;
                    continue;
                }
                Some(corrections) => corrections.tags(&row, input.tag),
            };
            let spot = Spot { at, tag, row: &row, columns: &columns };
            if tag.is_empty() {
                let reason = "`reject_tags` names no tag that the export gives".to_owned();
                self.invalid(&spot, "no_segment", reason, &mapper.email_cell(&row))?;
                continue;
            }
            match mapper.contact(&row, &mut warnings) {
                Err(invalid) => {
                    if let Some(key) = mapper.key(&row) {
                        self.roster.stays(key);
                    }
                    self.opt_out(at, &mapper, &row)?;
                    self.invalid(&spot, &invalid.code(), invalid.to_string(), &mapper.email_cell(&row))?;
                }
                Ok(None) => {
                    self.opt_out(at, &mapper, &row)?;
                    self.planned.filtered += 1;
                }
                Ok(Some(contact)) => self.contact(&spot, contact, &mapper.email_cell(&row))?,
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
    fn finish(mut self, warnings: ByReason, removing: &Removing<'_>) -> Result<Prepared, PrepareError> {
        self.finish_chunk()?;
        self.finish_refused()?;
        if let (false, Some(absent)) =
            (self.cut_short, self.absent.take().filter(|absent| !absent.is_empty()))
        {
            return Err(SourceError::Columns(absent).into());
        }
        let leaving = if self.cut_short { 0 } else { removals::count(&self.roster, removing.tags) };
        let removals = match removing.list.filter(|_| leaving > 0) {
            Some(list) => removals::write(list.stream()?, &self.roster, removing.tags, self.sink)?,
            None => Vec::new(),
        };
        let (consent, opt_outs) = self.ledger.finish();
        Ok(Prepared {
            planned: self.planned,
            chunks: self.chunks,
            refused_parts: self.refused_parts,
            warnings,
            consent,
            opt_outs,
            cut_short: self.cut_short,
            with_tag: self.with_tag,
            overlapping: self.overlapping,
            conflicting: self.conflicting,
            leaving,
            removals,
            first_contacts: self.first_contacts,
        })
    }

    fn contact(
        &mut self,
        spot: &Spot<'_>,
        mut contact: Contact<'_>,
        email: &str,
    ) -> Result<(), PrepareError> {
        let (at, tag) = (spot.at, spot.tag);
        let key = contact.key();
        let hash = contact.hash(&mut self.scratch);
        let (also, differs) = self.overlap.of(key, hash);
        let who = match self.roster.meet(key) {
            Met::First(who) => {
                self.overlap.pass(key, tag);
                who
            }
            Met::Again(who) => {
                self.again(at, who, &contact)?;
                // The same contact in another segment is no row too many.
                if self.overlap.pass(key, tag) {
                    self.planned.duplicate += 1;
                    return Ok(());
                }
                return self.duplicate(at, email);
            }
        };
        let tags = tag.with(also);
        self.overlapping += u64::from(tags != tag);
        self.conflicting += u64::from(differs && tags != tag);
        for place in tags.places() {
            if let Some(count) = self.with_tag.get_mut(place) {
                *count += 1;
            }
        }
        self.ledger.taken(key, &mut contact, &self.roster.consent(who));
        if self.roster.has_as_it_is(who, &contact, hash, tags) {
            self.roster.is_to_have(who, tags);
            self.planned.unchanged += 1;
            return Ok(());
        }
        let known_tags = self.roster.is_to_have(who, tags);
        let of = Origin { at, hash, tags, known_tags };
        let bytes = self.contacts.push(&ContactLine { of, contact: &contact }, MAX_CONTACT_BYTES)?;
        if bytes > MAX_CONTACT_BYTES {
            let reason = format!("the contact takes {bytes} bytes, more than a request to Omnisend may");
            self.roster.set_note(who, Ledger::NOT_SENT);
            return self.invalid(spot, "too_large", reason, email);
        }
        self.sent(key, who, &contact, tags)
    }

    /// A contact is in the chunk.
    fn sent(
        &mut self,
        key: EmailKey,
        who: Who,
        contact: &Contact<'_>,
        tags: TagSet,
    ) -> Result<(), PrepareError> {
        self.planned.sent += 1;
        if self.ledger.is_kept() {
            self.roster.set_note(who, self.ledger.sent(contact));
        }
        if self.first_contacts.len() < FIRST_CONTACTS {
            self.first_contacts
                .extend(serde_json::value::to_raw_value(contact).map(|contact| (key, tags, contact)));
        }
        if self.contacts.lines() >= self.chunk_contacts { self.finish_chunk() } else { Ok(()) }
    }

    /// Another row of an address that was met: an opt-out in it counts all the same.
    fn again(&mut self, at: Place, who: Who, contact: &Contact<'_>) -> Result<(), PrepareError> {
        if !self.ledger.is_kept() {
            return Ok(());
        }
        let (key, note) = (contact.key(), self.roster.note(who));
        if note != 0 {
            let known = self.roster.consent(who);
            self.roster.set_note(who, self.ledger.again(key, note, &contact.consent, &known));
            return Ok(());
        }
        // Omnisend has the contact as its first row is, which is gone by: its opt-out is sent on its own.
        let known = self.roster.consent(who);
        let Some(mut alone) = contact.opt_outs_alone() else { return Ok(()) };
        alone.leave_out_what_is(&known);
        let Some(alone) = alone.opt_outs_alone() else { return Ok(()) };
        let of = Origin {
            at,
            // It is sent whole next time.
            hash: ContactHash::NONE,
            tags: TagSet::default(),
            known_tags: TagSet::default(),
        };
        self.contacts.push(&ContactLine { of, contact: &alone }, MAX_CONTACT_BYTES)?;
        self.planned.unchanged -= 1;
        self.sent(key, who, &alone, of.tags)
    }

    /// A row that makes no contact, though its address is one: an opt-out in it counts all the same.
    fn opt_out(&mut self, at: Place, mapper: &Mapper<'_>, row: &Row) -> Result<(), PrepareError> {
        let Some(said) = mapper.consent(row).filter(|_| self.ledger.is_kept()) else { return Ok(()) };
        let key = said.key();
        if let Some(who) = self.roster.find_met(key) {
            return self.again(at, who, &said);
        }
        self.ledger.refused(key, &said.consent);
        Ok(())
    }

    fn invalid(
        &mut self,
        spot: &Spot<'_>,
        code: &str,
        reason: String,
        email: &str,
    ) -> Result<(), PrepareError> {
        self.planned.invalid += 1;
        self.refuse(&RefusedLine {
            at: spot.at,
            outcome: "invalid".to_owned(),
            code: code.to_owned(),
            reason,
            email: email.to_owned(),
            tags: spot.tag,
            cells: spot.cells(),
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
            tags: TagSet::default(),
            cells: Vec::new(),
        })
    }

    fn refuse(&mut self, line: &RefusedLine) -> Result<(), PrepareError> {
        self.refused_bytes += self.refused.push(line, usize::MAX)?;
        let is_full = self.refused.lines() >= REFUSED_LINES || self.refused_bytes >= REFUSED_BYTES;
        if is_full { self.finish_refused() } else { Ok(()) }
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
        self.refused_bytes = 0;
        self.sink.take(Finished::Refused(n, self.refused.finish()?))
    }
}

/// A file's rows; none where it is a part that has nothing.
fn open(input: &Input<'_>, export: &Export) -> Result<Option<Box<dyn source::Rows>>, PrepareError> {
    let columns = export.mapping().columns();
    let wanted: Vec<&str> = columns.iter().map(String::as_str).collect();
    match source::open(input.file, input.reading, &wanted) {
        // Some producers write a file for each of their workers, also for those that had nothing to write.
        Err(SourceError::Empty) if input.may_be_empty => Ok(None),
        opened => Ok(Some(opened?)),
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
