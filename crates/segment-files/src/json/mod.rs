//! JSON Lines: an object on each line, in flat memory. What is nested is reached by its path.

mod paths;
mod value;

use self::{
    paths::{At, Paths},
    value::Cell,
};
use crate::{
    cells::RowCells,
    error::SourceError,
    header::{ColumnProblem, Header},
    lines::Lines,
    row::{BadRow, Row},
    rows::Rows,
    text::{Text, Utf8},
};

/// How many rows are looked at for the names of columns.
const ROWS_AHEAD: usize = 1_000;

/// The rows of a file of JSON Lines.
pub(super) struct JsonRows<'f> {
    lines: Lines<'f>,
    utf8: Utf8,
    /// The mapping's columns; where there is none, all that the first rows have.
    header: Header,
    /// The columns that the first rows have.
    known: Header,
    paths: Paths,
    slots: Vec<Slot>,
    /// Which columns were in any row.
    seen: Vec<bool>,
    has_rows: bool,
}

/// A column's cell, while its row is read.
#[derive(Debug, Default)]
struct Slot {
    text: String,
    list: Option<Vec<String>>,
    found: Found,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Found {
    #[default]
    Not,
    ByPath,
    ByName,
}

impl<'f> JsonRows<'f> {
    /// Reads the names that the first rows have. `wanted` are the mapping's columns; without any, all are read.
    pub(super) fn read(text: Text<'f>, wanted: &[&str]) -> Self {
        let mut known = Vec::new();
        for line in text.first().split(|byte| *byte == b'\n').take(ROWS_AHEAD) {
            // The last one may be cut; a broken one is told of when it is read.
            let _ = std::str::from_utf8(line).map(|line| paths::add(line, &mut known));
        }
        let mut columns: Vec<String> = Vec::new();
        for name in wanted.iter().map(|name| name.trim()) {
            if !columns.iter().any(|column| column == name) {
                columns.push(name.to_owned());
            }
        }
        if wanted.is_empty() {
            columns.clone_from(&known);
        }
        Self {
            utf8: text.utf8(),
            lines: Lines::new(text.into_stream()),
            header: Header::new(columns.iter().map(String::as_str)),
            known: Header::new(known.iter().map(String::as_str)),
            paths: Paths::new(&columns),
            slots: columns.iter().map(|_| Slot::default()).collect(),
            seen: vec![false; columns.len()],
            has_rows: false,
        }
    }
}

impl Rows for JsonRows<'_> {
    fn header(&self) -> &Header {
        &self.header
    }

    fn next(&mut self, row: &mut Row) -> Result<Option<Result<(), BadRow>>, SourceError> {
        let line = loop {
            match self.lines.next()? {
                None => return Ok(None),
                Some(line) if line.trim_ascii().is_empty() => {}
                // The line is looked at again below, as the borrow ends here.
                Some(_) => break self.lines.line(),
            }
        };
        row.begin(line);
        let bytes = self.lines.last();
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text.trim(),
            Err(_) => return self.utf8.broken(bytes, line).map(|bad| Some(Err(bad))),
        };
        if !text.starts_with('{') {
            return Ok(Some(Err(BadRow::NotObject)));
        }
        for slot in &mut self.slots {
            slot.text.clear();
            slot.list = None;
            slot.found = Found::Not;
        }
        let (slots, seen) = (&mut self.slots, &mut self.seen);
        let read = self.paths.find(text, &mut |At { column, is_whole, value }| {
            if let (Some(slot), Some(seen)) = (slots.get_mut(column), seen.get_mut(column)) {
                *seen = true;
                slot.fill(Cell::of(value)?, is_whole);
            }
            Ok(())
        });
        if read.is_err() {
            return Ok(Some(Err(BadRow::Json)));
        }
        self.has_rows = true;
        let mut cells = row.take_cells();
        cells.clear();
        self.write(row, cells);
        Ok(Some(if memchr::memchr(0, row.text().as_bytes()).is_some() { Err(BadRow::Nul) } else { Ok(()) }))
    }

    fn absent(&self) -> Option<Vec<ColumnProblem>> {
        let unseen = self.header.names().iter().zip(&self.seen).filter(|(_, seen)| !**seen);
        self.has_rows.then(|| unseen.map(|(name, _)| self.known.absent(name)).collect())
    }
}

impl JsonRows<'_> {
    fn write(&mut self, row: &mut Row, mut cells: RowCells) {
        for (column, slot) in self.slots.iter_mut().enumerate() {
            cells.push(&slot.text);
            if let Some(list) = slot.list.take() {
                row.push_list(column, list);
            }
        }
        row.set_cells(cells);
    }
}

impl Slot {
    /// Takes a value. What stands under the column's whole name wins over what its path leads to.
    fn fill(&mut self, cell: Cell<'_>, is_whole: bool) {
        if !is_whole && self.found == Found::ByName {
            return;
        }
        self.found = if is_whole { Found::ByName } else { Found::ByPath };
        self.text.clear();
        self.list = None;
        match cell {
            Cell::Null => {}
            Cell::Text(text) => self.text.push_str(&text),
            Cell::List(list) => self.list = Some(list),
        }
    }
}

#[cfg(test)]
mod tests;
