//! The first rows of a drop beside their contacts, for a person to look at. Writes nothing.

use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;
use tokio::{runtime::Handle, sync::mpsc};

use super::{PlanError, PrepareError, consent::Ledger, find_sources, prepare::bad_row_reason, seen::Seen};
use crate::{
    config::Export,
    contact::{Channels, Mapper, Programs, Tag, Warnings},
    ports::Ports,
    source::{self, File, Header, ObjectFile, Reading, Row, SourceError},
};

/// What becomes of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// A contact is sent.
    Sent,
    /// It is none.
    Invalid,
    /// An earlier row has its address.
    Duplicate,
    /// The export's filter leaves it out.
    Filtered,
}

/// A row beside its contact.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PreviewedRow {
    /// The object that it is in.
    pub object: String,
    /// Its line, or in a file without lines its number.
    pub line: u64,
    /// What becomes of it.
    pub fate: Fate,
    /// Why it is not sent.
    pub why: Option<String>,
    /// The mapping's columns, with what the row has in them.
    pub cells: Vec<(String, String)>,
    /// Columns that the mapping does not use.
    pub unused_columns: usize,
    /// The contact as it is sent.
    pub contact: Option<serde_json::Value>,
    /// Cells that their fields do not take, and are left out.
    pub left_out: Vec<LeftOut>,
}

/// A cell that its field does not take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// The field, as a person calls it.
    pub field: String,
    /// Why, where that is known.
    pub why: String,
}

/// The first rows of an export's newest drop.
pub async fn preview(
    ports: &Ports,
    export: Arc<Export>,
    rows: usize,
) -> Result<Vec<PreviewedRow>, PlanError> {
    let sources = find_sources(ports, &export).await?;
    let (name, now, runtime) = (export.name().clone(), ports.clock.now(), Handle::current());
    // Nobody waits for the bytes.
    let (read, _) = mpsc::unbounded_channel();
    let files: Vec<_> = export
        .segments()
        .iter()
        .zip(&sources)
        .flat_map(|(segment, source)| source.parts.iter().map(move |part| (segment.tag().clone(), part)))
        .map(|(tag, part)| {
            let object = part.object.clone();
            let file = ObjectFile::new(ports.objects.clone(), object, runtime.clone(), read.clone());
            (part.object.location.to_string(), tag, file, part.reading.clone())
        })
        .collect();
    let thread = tokio::task::spawn_blocking(move || {
        let files = files.iter().map(|(object, tag, file, reading)| Named {
            object,
            tag,
            file: file as &dyn File,
            reading,
        });
        first_rows(files, &export, now, rows).map_err(|(object, source)| (object.to_owned(), source))
    });
    thread.await?.map_err(|(object, source)| PlanError::File { export: name, object, source })
}

/// A file, and its segment's tag.
#[derive(Clone, Copy)]
struct Named<'f> {
    object: &'f str,
    tag: &'f Tag,
    file: &'f dyn File,
    reading: &'f Reading,
}

/// An error comes with the name of the file that it is about.
fn first_rows<'f>(
    files: impl Iterator<Item = Named<'f>>,
    export: &Export,
    now: Timestamp,
    rows: usize,
) -> Result<Vec<PreviewedRow>, (&'f str, PrepareError)> {
    let programs = Programs::compile(export.mapping()).map_err(|error| ("", error.into()))?;
    let mut shown = Shown {
        export,
        programs: &programs,
        now,
        seen: Seen::new(),
        ledger: Ledger::new(&export.mapping().consent),
        most: rows,
        rows: Vec::new(),
    };
    for file in files {
        if shown.rows.len() >= rows {
            break;
        }
        shown.file(file).map_err(|error| (file.object, error.into()))?;
    }
    Ok(shown.rows)
}

struct Shown<'a> {
    export: &'a Export,
    programs: &'a Programs,
    now: Timestamp,
    seen: Seen,
    ledger: Ledger,
    most: usize,
    rows: Vec<PreviewedRow>,
}

impl Shown<'_> {
    fn file(&mut self, Named { object, tag, file, reading }: Named<'_>) -> Result<(), SourceError> {
        let mapping = self.export.mapping();
        let columns = mapping.columns();
        let wanted: Vec<&str> = columns.iter().map(String::as_str).collect();
        let mut rows = match source::open(file, reading, &wanted) {
            // A part in which a worker had nothing to write; of one file the plan says the same.
            Err(SourceError::Empty) => return Ok(()),
            opened => opened?,
        };
        let mapper =
            Mapper::bind(mapping, self.programs, rows.header(), self.now).map_err(SourceError::Columns)?;
        let mut row = Row::default();
        while self.rows.len() < self.most {
            let Some(readable) = rows.next(&mut row)? else { break };
            let cells = cells(&wanted, rows.header(), &row);
            let mut shown = PreviewedRow {
                object: object.to_owned(),
                line: row.line(),
                fate: Fate::Invalid,
                why: None,
                unused_columns: rows.header().len().saturating_sub(cells.len()),
                cells,
                contact: None,
                left_out: Vec::new(),
            };
            match readable {
                Err(bad) => shown.why = Some(bad_row_reason(bad)),
                Ok(()) => self.look_at(&mapper, &row, tag, &mut shown),
            }
            self.rows.push(shown);
        }
        Ok(())
    }

    fn look_at(&mut self, mapper: &Mapper<'_>, row: &Row, tag: &Tag, shown: &mut PreviewedRow) {
        let mut warnings = Warnings::default();
        match mapper.contact(row, &mut warnings) {
            Err(invalid) => shown.why = Some(invalid.to_string()),
            Ok(None) => {
                shown.fate = Fate::Filtered;
                shown.why = Some("`where` leaves it out".to_owned());
            }
            Ok(Some(mut contact)) => {
                let key = contact.key();
                if self.seen.insert(key).is_some() {
                    shown.fate = Fate::Duplicate;
                    shown.why = Some("an earlier row has this e-mail; the first one was taken".to_owned());
                    return;
                }
                self.ledger.taken(key, &mut contact, &Channels::default());
                shown.fate = Fate::Sent;
                shown.contact = serde_json::from_str(contact.to_json().get()).ok();
                if let Some(contact) = shown.contact.as_mut().and_then(|contact| contact.as_object_mut()) {
                    contact.insert("tags".to_owned(), [tag.as_str()].as_slice().into());
                }
                let named = mapper.named(&warnings).into_iter();
                let each = named.flat_map(|(field, reasons)| {
                    reasons.into_keys().map(move |why| LeftOut { field: field.clone(), why })
                });
                shown.left_out = each.collect();
            }
        }
    }
}

fn cells(columns: &[&str], header: &Header, row: &Row) -> Vec<(String, String)> {
    let mut cells: Vec<(String, String)> = Vec::new();
    for column in columns {
        if let Ok(at) = header.find(column)
            && !cells.iter().any(|(name, _)| name == column)
        {
            let text = row.list(at).map_or_else(|| row.cell(at).to_owned(), |list| list.join(", "));
            cells.push(((*column).to_owned(), text));
        }
    }
    cells
}
