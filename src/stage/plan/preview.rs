//! Shows the first rows of an export's newest drop beside their contacts. Writes nothing.

use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;
use tokio::{runtime::Handle, sync::mpsc, task::spawn_blocking};

use super::{error::PlanError, prepare::bad_row_reason};
use crate::{
    config::Export,
    contact::{Channels, Mapper, Programs, Tag, Warnings},
    keys::Location,
    ports::Ports,
    run::DUPLICATE_REASON,
    stage::{
        ObjectFile,
        drop::{Part, find_sources},
        people::{Ledger, Seen},
    },
};
use segment_files::{self, File, Header, ReadError, ReadOptions, Row};

/// What a run does with a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    Sent,
    /// The row cannot become a contact.
    Invalid,
    /// An earlier row has the same address.
    Duplicate,
    /// The export's `where` leaves the row out.
    Filtered,
}

/// A row beside its contact.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PreviewedRow {
    /// The location of the row's file.
    pub object: String,
    /// The row's line, or its number in a format without lines; counted from 1.
    pub line: u64,
    pub fate: Fate,
    /// Why the row is not sent.
    pub why: Option<String>,
    /// The mapping's columns with the row's cells.
    pub cells: Vec<(String, String)>,
    /// The number of columns that the mapping does not use.
    pub unused_columns: usize,
    /// The contact as it is sent.
    pub contact: Option<serde_json::Value>,
    /// Cells that do not fit their field and are left out.
    pub left_out: Vec<LeftOut>,
}

/// A cell that does not fit its field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// The field's name for people.
    pub field: String,
    pub why: String,
}

/// Returns the first `rows` rows of an export's newest drop.
pub async fn preview(
    ports: &Ports,
    export: Arc<Export>,
    rows: usize,
) -> Result<Vec<PreviewedRow>, PlanError> {
    let sources = find_sources(ports, &export).await?;
    let (now, runtime) = (ports.clock.now(), Handle::current());
    // A preview shows no progress.
    let (progress, _) = mpsc::unbounded_channel();
    let tagged = sources.into_iter().flat_map(|source| {
        let tag = source.segment.tag().clone();
        source.parts.into_iter().map(move |part| (tag.clone(), part))
    });
    let file = |(tag, part): (Tag, Part)| PreviewedFile {
        location: part.object.location.clone(),
        tag,
        file: ObjectFile::new(ports.objects.clone(), part.object, runtime.clone(), progress.clone()),
        reading: part.reading,
    };
    let files: Vec<_> = tagged.map(file).collect();
    let thread = spawn_blocking(move || first_rows(&files, &export, now, rows));
    thread.await?
}

/// A file of a drop.
struct PreviewedFile {
    location: Location,
    /// The tag of its segment.
    tag: Tag,
    file: ObjectFile,
    reading: ReadOptions,
}

fn first_rows(
    files: &[PreviewedFile],
    export: &Export,
    now: Timestamp,
    rows: usize,
) -> Result<Vec<PreviewedRow>, PlanError> {
    let name = export.name();
    let programs = Programs::compile(export.mapping())
        .map_err(|error| PlanError::Prepare { export: name.clone(), source: Box::new(error.into()) })?;
    let mut preview = Preview {
        export,
        programs: &programs,
        now,
        seen: Seen::new(),
        ledger: Ledger::new(&export.mapping().consent),
        max_rows: rows,
        rows: Vec::new(),
    };
    for file in files {
        if preview.rows.len() >= rows {
            break;
        }
        preview.file(file).map_err(|error| PlanError::File {
            export: name.clone(),
            object: file.location.clone(),
            source: Box::new(error.into()),
        })?;
    }
    Ok(preview.rows)
}

struct Preview<'a> {
    export: &'a Export,
    programs: &'a Programs,
    now: Timestamp,
    seen: Seen,
    ledger: Ledger,
    max_rows: usize,
    rows: Vec<PreviewedRow>,
}

impl Preview<'_> {
    fn file(&mut self, file: &PreviewedFile) -> Result<(), ReadError> {
        let mapping = self.export.mapping();
        let columns = mapping.columns();
        let wanted: Vec<&str> = columns.iter().map(String::as_str).collect();
        let mut rows = match segment_files::open(&file.file as &dyn File, &file.reading, &wanted) {
            // An empty part of a drop. A plan reports an empty file that is the whole drop.
            Err(ReadError::Empty) => return Ok(()),
            opened => opened?,
        };
        let mapper =
            Mapper::bind(mapping, self.programs, rows.header(), self.now).map_err(ReadError::Columns)?;
        let mut row = Row::default();
        while self.rows.len() < self.max_rows {
            let Some(readable) = rows.next(&mut row)? else { break };
            let cells = cells(&wanted, rows.header(), &row);
            let mut shown = PreviewedRow {
                object: file.location.to_string(),
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
                Ok(()) => self.map(&mapper, &row, &file.tag, &mut shown),
            }
            self.rows.push(shown);
        }
        Ok(())
    }

    fn map(&mut self, mapper: &Mapper<'_>, row: &Row, tag: &Tag, shown: &mut PreviewedRow) {
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
                    shown.why = Some(DUPLICATE_REASON.to_owned());
                    return;
                }
                self.ledger.restrict(key, &mut contact, &Channels::default());
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
