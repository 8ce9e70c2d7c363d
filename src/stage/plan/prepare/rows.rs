//! The loop over the rows of a run.

use std::collections::BTreeMap;

use super::{
    ahead::read_ahead,
    contacts::Contacts,
    corrections::CorrectionColumns,
    error::{FileError, PrepareError},
    input::{Input, People, Removing, Rules},
    output::{Sink, Written},
    removals,
};
use crate::stage::plan::prepare::rejected::{Spot, bad_row_code, bad_row_reason, invalid_code};
use crate::{
    contact::{Channel, Columns, Mapper, Programs, WarningCounts, Warnings},
    run::{ConsentCounts, Place, Planned, TagSet},
    stage::people::OptOuts,
};
use segment_files::{ColumnProblem, Header, ReadError, Row};

/// The result of the preparation.
#[derive(Debug)]
pub(in crate::stage::plan) struct Prepared {
    pub planned: Planned,
    pub written: Written,
    pub warnings: WarningCounts,
    pub consent: BTreeMap<Channel, ConsentCounts>,
    /// Opt-outs of later rows, to be written into the chunks.
    pub opt_outs: OptOuts,
    /// Whether reading stopped because the source has more contacts than the export allows.
    pub cut_short: bool,
    /// The number of contacts in the source with each tag.
    pub with_tag: [u64; TagSet::MAX],
    /// The number of contacts in several segments.
    pub overlapping: u64,
    /// Of those, the number whose data differs between segments.
    pub conflicting: u64,
    /// The number of members that lose tags, or would in mode `mirror`.
    pub leaving: u64,
    /// The number of members in each object of removals.
    pub removals: Vec<u32>,
}

/// The state of the loop.
struct Preparation<'a, S> {
    rules: Rules<'a>,
    programs: &'a Programs,
    contacts: Contacts<'a, S>,
    warnings: WarningCounts,
    cut_short: bool,
    /// The columns of the first file that has rows.
    header: Option<FirstHeader>,
    /// The columns of the mapping that no row had so far, in files without a header. `None` if there was no such file.
    absent: Option<Vec<ColumnProblem>>,
}

struct FirstHeader {
    /// The index of the file.
    file: usize,
    header: Header,
}

/// Reads the files of a run's segments, and hands the contacts to the sink in chunks.
pub(in crate::stage::plan) fn prepare<S: Sink>(
    inputs: &[Input<'_>],
    rules: Rules<'_>,
    people: People,
    removing: &Removing,
    sink: &mut S,
) -> Result<Prepared, FileError> {
    let programs = Programs::compile(rules.export.mapping()).map_err(PrepareError::from)?;
    let overlap = read_ahead(inputs, rules, &programs)?;
    let mut preparation = Preparation {
        rules,
        programs: &programs,
        contacts: Contacts::new(sink, rules, people, overlap)?,
        warnings: WarningCounts::new(),
        cut_short: false,
        header: None,
        absent: None,
    };
    let mut last = 0;
    for (n, input) in inputs.iter().enumerate() {
        last = n;
        preparation.file(n, input).map_err(|error| FileError::of(n, error))?;
        if preparation.cut_short {
            break;
        }
    }
    preparation.check_absent().map_err(|error| FileError::of(last, error))?;
    Ok(preparation.finish(removing)?)
}

impl<S: Sink> Preparation<'_, S> {
    /// Reads one file, up to its end or until there are too many contacts.
    fn file(&mut self, n: usize, input: &Input<'_>) -> Result<(), PrepareError> {
        let Rules { export, now, max_profiles, corrects, .. } = self.rules;
        let mapping = export.mapping();
        let object = u32::try_from(n).unwrap_or(u32::MAX);
        let Some(mut rows) = input.open(export)? else { return Ok(()) };
        self.check_columns(n, rows.header())?;
        let mapper = Mapper::bind(mapping, self.programs, rows.header(), now).map_err(ReadError::Columns)?;
        let (columns, unknown) = (Columns::find(mapping, rows.header()), Columns::none());
        let corrections = corrects.then(|| CorrectionColumns::find(rows.header(), export));
        let (mut row, mut warnings) = (Row::default(), Warnings::default());
        let contacts = &mut self.contacts;
        while let Some(readable) = rows.next(&mut row)? {
            contacts.planned.read += 1;
            let at = Place { object, line: row.line() };
            if let Err(bad) = readable {
                // The columns of its cells are unknown.
                let nowhere = Spot { at, tag: input.tag, row: &row, columns: &unknown };
                contacts.invalid(&nowhere.invalid(bad_row_code(bad), bad_row_reason(bad), ""))?;
                continue;
            }
            let tag = match &corrections {
                None => input.tag,
                Some(corrections) if corrections.is_duplicate(&row) => {
                    contacts.planned.filtered += 1;
                    continue;
                }
                Some(corrections) => corrections.tags(&row, input.tag),
            };
            let spot = Spot { at, tag, row: &row, columns: &columns };
            if tag.is_empty() {
                let reason = "`reject_tags` has no tag of this export".to_owned();
                contacts.invalid(&spot.invalid("no_segment", reason, &mapper.email_cell(&row)))?;
                continue;
            }
            match mapper.contact(&row, &mut warnings) {
                Err(invalid) => {
                    if let Some(key) = mapper.key(&row) {
                        contacts.roster.keep(key);
                    }
                    contacts.opt_out(at, &mapper, &row)?;
                    let email = mapper.email_cell(&row);
                    let line = spot.invalid(&invalid_code(&invalid), invalid.to_string(), &email);
                    contacts.invalid(&line)?;
                }
                Ok(None) => {
                    contacts.opt_out(at, &mapper, &row)?;
                    contacts.planned.filtered += 1;
                }
                Ok(Some(contact)) => contacts.add(&spot, contact, &mapper.email_cell(&row))?,
            }
            if contacts.planned.sent + contacts.planned.unchanged > max_profiles {
                self.cut_short = true;
                break;
            }
        }
        for (field, reasons) in mapper.named(&warnings) {
            let all = self.warnings.entry(field).or_default();
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

    /// Fails if the columns of a file are not those of the first one.
    fn check_columns(&mut self, file: usize, header: &Header) -> Result<(), PrepareError> {
        let Some(first) = &self.header else {
            self.header = Some(FirstHeader { file, header: header.clone() });
            return Ok(());
        };
        match header.differs_from(&first.header) {
            Some(differs) => Err(PrepareError::Headers { first: first.file, differs }),
            None => Ok(()),
        }
    }

    /// Fails if there are files without a header, and a column of the mapping is in none of their rows.
    fn check_absent(&mut self) -> Result<(), PrepareError> {
        match self.absent.take().filter(|absent| !absent.is_empty()) {
            Some(absent) if !self.cut_short => Err(ReadError::Columns(absent).into()),
            _ => Ok(()),
        }
    }

    /// Hands over the remaining objects, and returns the result.
    fn finish(self, removing: &Removing) -> Result<Prepared, PrepareError> {
        let Self { contacts, warnings, cut_short, .. } = self;
        let (written, sink) = contacts.output.finish()?;
        let roster = &contacts.roster;
        let leaving = if cut_short { 0 } else { roster.count_losing(removing.tags) };
        let removals = match removing.list.as_ref().filter(|_| leaving > 0) {
            Some(list) => {
                let list = list.stream().map_err(PrepareError::Snapshot)?;
                removals::write(list, roster, removing.tags, sink)?
            }
            None => Vec::new(),
        };
        let (consent, opt_outs) = contacts.ledger.finish();
        Ok(Prepared {
            planned: contacts.planned,
            written,
            warnings,
            consent,
            opt_outs,
            cut_short,
            with_tag: contacts.with_tag,
            overlapping: contacts.overlapping,
            conflicting: contacts.conflicting,
            leaving,
            removals,
        })
    }
}
