//! Rows to chunks: the plan's inner loop. Synchronous, one pass, flat memory; it runs on a blocking thread and
//! hands every finished object to the async side.

mod error;
mod input;
mod output;
mod refused;

use std::collections::BTreeMap;

use jiff::Timestamp;

pub use self::error::PrepareError;
pub(super) use self::refused::bad_row_reason;
pub(super) use self::{
    input::{Input, Removing, Rules},
    output::{Finished, Sink},
};
use self::{
    output::{Output, Written},
    refused::{Spot, bad_row_code},
};
use super::{
    consent::{Ledger, OptOuts},
    corrections,
    overlap::Overlap,
    removals,
    roster::{Met, Roster, Who},
};
use crate::{
    config::Export,
    contact::{self, Channel, Columns, ContactHash, Mapper, Programs, WarningCounts, Warnings},
    run::{ConsentCounts, Origin, Place, Planned, RefusedLine, TagSet},
    source::{ColumnProblem, Header, Row, SourceError},
};

/// What the loop made of the rows.
#[derive(Debug)]
pub(super) struct Prepared {
    pub planned: Planned,
    pub written: Written,
    pub warnings: WarningCounts,
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
}

type Contact<'a> = contact::PreparedContact<'a>;

/// The loop's state over one run.
struct Preparation<'a, S> {
    output: Output<'a, S>,
    roster: Roster,
    overlap: Overlap,
    ledger: Ledger,
    now: Timestamp,
    corrects: bool,
    planned: Planned,
    max_profiles: u64,
    cut_short: bool,
    with_tag: [u64; TagSet::MAX],
    overlapping: u64,
    conflicting: u64,
    /// Memory that is used again for each contact.
    scratch: Vec<u8>,
    /// The columns of the first file that has any, and which file it is.
    header: Option<(usize, Header)>,
    /// Columns that no row of the files so far had, where these have no header; `None`: there is no such file yet.
    absent: Option<Vec<ColumnProblem>>,
}

/// Reads the files of a run's segments, and hands over its contacts in chunks. An error comes with the file that it is
/// about, counted from 0.
pub(super) fn prepare<S: Sink>(
    inputs: &[Input<'_>],
    rules: Rules<'_>,
    (roster, ledger): (Roster, Ledger),
    removing: &Removing,
    sink: &mut S,
) -> Result<Prepared, (usize, PrepareError)> {
    let programs = Programs::compile(rules.export.mapping()).map_err(|error| (0, error.into()))?;
    let overlap = Overlap::look_ahead(inputs, rules, &programs)?;
    let mut preparation =
        Preparation::new(sink, rules, (roster, overlap, ledger)).map_err(|error| (0, error.into()))?;
    let mut warnings = WarningCounts::new();
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
    fn new(
        sink: &'a mut S,
        rules: Rules<'_>,
        (roster, overlap, ledger): (Roster, Overlap, Ledger),
    ) -> std::io::Result<Self> {
        Ok(Self {
            output: Output::new(sink, rules.chunk_contacts)?,
            roster,
            overlap,
            ledger,
            now: rules.now,
            corrects: rules.corrects,
            planned: Planned::default(),
            max_profiles: rules.max_profiles,
            cut_short: false,
            with_tag: [0; TagSet::MAX],
            overlapping: 0,
            conflicting: 0,
            scratch: Vec::new(),
            header: None,
            absent: None,
        })
    }

    /// Reads one file to its end, or until there are too many contacts.
    fn file(
        &mut self,
        n: usize,
        input: &Input<'_>,
        (export, programs): (&Export, &Programs),
        all_warnings: &mut WarningCounts,
    ) -> Result<(), PrepareError> {
        let mapping = export.mapping();
        let object = u32::try_from(n).unwrap_or(u32::MAX);
        let Some(mut rows) = input.open(export)? else { return Ok(()) };
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
                self.invalid(&nowhere.invalid(bad_row_code(bad), bad_row_reason(bad), ""))?;
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
                self.invalid(&spot.invalid("no_segment", reason, &mapper.email_cell(&row)))?;
                continue;
            }
            match mapper.contact(&row, &mut warnings) {
                Err(invalid) => {
                    if let Some(key) = mapper.key(&row) {
                        self.roster.stays(key);
                    }
                    self.opt_out(at, &mapper, &row)?;
                    let line = spot.invalid(&invalid.code(), invalid.to_string(), &mapper.email_cell(&row));
                    self.invalid(&line)?;
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
    fn finish(mut self, warnings: WarningCounts, removing: &Removing) -> Result<Prepared, PrepareError> {
        let (written, sink) = self.output.finish()?;
        if let (false, Some(absent)) =
            (self.cut_short, self.absent.take().filter(|absent| !absent.is_empty()))
        {
            return Err(SourceError::Columns(absent).into());
        }
        let leaving = if self.cut_short { 0 } else { removals::count(&self.roster, removing.tags) };
        let removals = match removing.list.as_ref().filter(|_| leaving > 0) {
            Some(list) => removals::write(list.stream()?, &self.roster, removing.tags, sink)?,
            None => Vec::new(),
        };
        let (consent, opt_outs) = self.ledger.finish();
        Ok(Prepared {
            planned: self.planned,
            written,
            warnings,
            consent,
            opt_outs,
            cut_short: self.cut_short,
            with_tag: self.with_tag,
            overlapping: self.overlapping,
            conflicting: self.conflicting,
            leaving,
            removals,
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
                return self.duplicate(spot, email);
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
        if let Err(too_large) = self.output.contact(of, &contact)? {
            self.roster.set_note(who, key, Ledger::NOT_SENT);
            return self.invalid(&spot.invalid("too_large", too_large.to_string(), email));
        }
        self.sent(who, &contact);
        Ok(())
    }

    /// A contact is in a chunk.
    fn sent(&mut self, who: Who, contact: &Contact<'_>) {
        self.planned.sent += 1;
        if self.ledger.is_kept() {
            self.roster.set_note(who, contact.key(), self.ledger.sent(contact));
        }
    }

    /// Another row of an address that was met: an opt-out in it counts all the same.
    fn again(&mut self, at: Place, who: Who, contact: &Contact<'_>) -> Result<(), PrepareError> {
        if !self.ledger.is_kept() {
            return Ok(());
        }
        let key = contact.key();
        let note = self.roster.note(who, key);
        if note != 0 {
            let known = self.roster.consent(who);
            self.roster.set_note(who, key, self.ledger.again(key, note, &contact.consent, &known));
            return Ok(());
        }
        // Omnisend has the contact as its first row is, which is gone by: its opt-out is sent on its own.
        let known = self.roster.consent(who);
        let Some(mut alone) = contact.only_opt_outs() else { return Ok(()) };
        alone.remove_known_opt_outs(&known);
        let Some(alone) = alone.only_opt_outs() else { return Ok(()) };
        let of = Origin {
            at,
            // It is sent whole next time.
            hash: ContactHash::NONE,
            tags: TagSet::default(),
            known_tags: TagSet::default(),
        };
        // An address and a number are never too large.
        if self.output.contact(of, &alone)?.is_ok() {
            self.planned.unchanged -= 1;
            self.sent(who, &alone);
        }
        Ok(())
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

    fn invalid(&mut self, line: &RefusedLine) -> Result<(), PrepareError> {
        self.planned.invalid += 1;
        self.output.refuse(line)
    }

    fn duplicate(&mut self, spot: &Spot<'_>, email: &str) -> Result<(), PrepareError> {
        self.planned.duplicate += 1;
        self.output.refuse(&spot.duplicate(email))
    }
}
