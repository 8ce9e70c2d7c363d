//! Reads JSON Lines: one object on each line. Nested values are columns whose names are paths.

mod paths;
mod value;

use std::collections::HashSet;

use self::{
    paths::{At, Known, Paths},
    value::Cell,
};
use crate::{
    error::{Defect, ReadError},
    header::{ColumnProblem, Header},
    json_shape::{has_several_objects, list_of_rows},
    lines::Lines,
    row::{Row, UnreadableRow},
    rows::Rows,
    text::{Text, Utf8},
};

/// How many rows are searched for columns.
const ROWS_AHEAD: usize = 1_000;

/// The rows of a JSON Lines file.
pub(crate) struct JsonRows {
    lines: Lines,
    utf8: Utf8,
    /// The wanted columns, or all columns of the first rows.
    header: Header,
    /// All columns of the first rows.
    known: Header,
    paths: Paths,
    slots: Vec<Slot>,
    has_rows: bool,
}

/// The cell of a column, while its row is read.
#[derive(Debug, Default)]
struct Slot {
    text: String,
    list: Option<Vec<String>>,
    is_number: bool,
    found: Found,
    /// Whether any row had the column.
    was_found: bool,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Found {
    #[default]
    Not,
    ByPath,
    ByName,
}

impl JsonRows {
    /// Searches the first rows for columns. Reads the wanted ones, or all of these if none are wanted.
    pub(crate) fn open(text: Text, wanted: &[&str]) -> Result<Self, ReadError> {
        let mut known = Known::default();
        for line in text.first().split(|byte| *byte == b'\n').take(ROWS_AHEAD) {
            // The last line may be cut. An invalid line is reported when its row is read.
            let _ = std::str::from_utf8(line).map(|line| known.add(line));
        }
        let known = known.into_paths();
        let mut columns: Vec<String> = Vec::new();
        let mut taken = HashSet::new();
        for name in wanted.iter().map(|name| name.trim()) {
            if taken.insert(name) {
                columns.push(name.to_owned());
            }
        }
        let sample = valid_utf8(text.first());
        check_first_line(sample)?;
        let has_wanted = known.iter().any(|name| taken.contains(name.as_str()));
        if !has_wanted && let Some(path) = list_of_rows(sample)
            // A column may name a value inside of the list.
            && !columns.iter().any(|name| name.starts_with(&path))
        {
            return Err(ReadError::ObjectsInside { path });
        }
        if wanted.is_empty() {
            columns.clone_from(&known);
        }
        Ok(Self {
            utf8: text.utf8(),
            lines: Lines::new(text.into_stream()),
            header: Header::new(columns.iter().map(String::as_str)),
            known: Header::new(known.iter().map(String::as_str)),
            paths: Paths::new(&columns),
            slots: columns.iter().map(|_| Slot::default()).collect(),
            has_rows: false,
        })
    }
}

/// Returns the text of a sample. Its last character may be cut.
fn valid_utf8(sample: &[u8]) -> &str {
    match str::from_utf8(sample) {
        Ok(text) => text,
        Err(error) => {
            let valid = sample.get(..error.valid_up_to()).unwrap_or_default();
            str::from_utf8(valid).unwrap_or_default()
        }
    }
}

/// Refuses a text with several objects on its first line, which may be too long to be read as a row.
fn check_first_line(sample: &str) -> Result<(), ReadError> {
    let text = sample.trim_start();
    if !has_several_objects(text.lines().next().unwrap_or_default()) {
        return Ok(());
    }
    let blank = sample.get(..sample.len() - text.len()).unwrap_or_default();
    Err(Defect::SeveralObjects.at(1 + blank.matches('\n').count() as u64))
}

impl Rows for JsonRows {
    fn header(&self) -> &Header {
        &self.header
    }

    fn next(&mut self, row: &mut Row) -> Result<Option<Result<(), UnreadableRow>>, ReadError> {
        let line = loop {
            match self.lines.next()? {
                None => return Ok(None),
                Some(line) if line.trim_ascii().is_empty() => {}
                Some(_) => break self.lines.number(),
            }
        };
        row.begin(line);
        let bytes = self.lines.last();
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text.trim(),
            Err(_) => return self.utf8.invalid(bytes, line).map(|invalid| Some(Err(invalid))),
        };
        if !text.starts_with('{') {
            return Ok(Some(Err(UnreadableRow::NotObject)));
        }
        self.slots.iter_mut().for_each(Slot::clear);
        let slots = &mut self.slots;
        let read = self.paths.find(text, &mut |At { column, is_whole, value }| {
            if let Some(slot) = slots.get_mut(column) {
                let is_number = value.get().starts_with(|c: char| c == '-' || c.is_ascii_digit());
                slot.fill(Cell::of(value)?, is_whole, is_number);
            }
            Ok(())
        });
        if read.is_err() {
            if has_several_objects(text) {
                return Err(Defect::SeveralObjects.at(line));
            }
            return Ok(Some(Err(UnreadableRow::Json)));
        }
        self.has_rows = true;
        let mut cells = row.take_cells();
        cells.clear();
        for (column, slot) in self.slots.iter_mut().enumerate() {
            cells.push(&slot.text);
            if slot.is_number {
                row.push_number(column);
            }
            if let Some(list) = slot.list.take() {
                row.push_list(column, list);
            }
        }
        row.set_cells(cells);
        Ok(Some(if memchr::memchr(0, row.text().as_bytes()).is_some() {
            Err(UnreadableRow::Nul)
        } else {
            Ok(())
        }))
    }

    fn absent(&self) -> Option<Vec<ColumnProblem>> {
        let unseen = self.header.names().iter().zip(&self.slots).filter(|(_, slot)| !slot.was_found);
        self.has_rows.then(|| unseen.map(|(name, _)| self.known.absent(name)).collect())
    }
}

impl Slot {
    fn clear(&mut self) {
        self.text.clear();
        self.list = None;
        self.is_number = false;
        self.found = Found::Not;
    }

    /// Sets the value. A value with the column's whole name takes precedence over one that is found by its path.
    fn fill(&mut self, cell: Cell<'_>, is_whole: bool, is_number: bool) {
        self.was_found = true;
        if !is_whole && self.found == Found::ByName {
            return;
        }
        self.clear();
        self.found = if is_whole { Found::ByName } else { Found::ByPath };
        self.is_number = is_number;
        match cell {
            Cell::Null => {}
            Cell::Text(text) => self.text.push_str(&text),
            Cell::List(list) => self.list = Some(list),
        }
    }
}

#[cfg(test)]
mod tests;
