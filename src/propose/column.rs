//! One column as the first rows show it.

use super::look;
use crate::source::NO_TEXT;

/// As much of a cell as is looked at, in bytes.
const MAX_CELL: usize = 256;
/// How many of a column's cells are bytes that are no text, in percent, where nobody means it as text.
const MOSTLY_BYTES: usize = 50;

/// A column of a file.
#[derive(Debug, Default)]
pub(crate) struct Column {
    /// Where it stands, counted from 0.
    pub at: usize,
    /// Its name in the header.
    pub name: String,
    /// Whether another column has the same name, so that neither can be mapped.
    pub doubled: bool,
    /// Cells that are filled, cut where they are long.
    pub cells: Vec<String>,
    /// Cells that are lists, as JSON and Parquet have them.
    pub lists: usize,
    /// What is in those of them that have one item.
    pub singles: Vec<String>,
    /// Whether the day stands before the month in other columns of the file, where it does in one of them for certain.
    pub day_first: Option<bool>,
    /// Whether it holds bytes that are no text: a row with such a cell in a mapped column is invalid.
    pub is_binary: bool,
    /// Rows that were looked at.
    pub rows: usize,
}

impl Column {
    /// Whether an export can name it.
    pub(super) fn is_mappable(&self) -> bool {
        !self.doubled && !self.name.is_empty() && !self.is_binary
    }

    pub(super) fn is_empty(&self) -> bool {
        self.cells.is_empty() && self.lists == 0
    }

    /// Takes up a cell, trimmed; an empty one is only a row.
    pub(super) fn push(&mut self, cell: &str) {
        self.rows += 1;
        self.is_binary |= memchr::memchr(0, cell.as_bytes()).is_some();
        if !cell.is_empty() {
            let end = (0..=MAX_CELL.min(cell.len())).rev().find(|end| cell.is_char_boundary(*end));
            self.cells.push(cell.get(..end.unwrap_or(0)).unwrap_or_default().to_owned());
        }
    }

    /// Takes up a list.
    pub(super) fn push_list(&mut self, list: &[String]) {
        self.rows += 1;
        self.lists += 1;
        if let [one] = list {
            self.singles.push(one.trim().to_owned());
        }
    }

    /// Judges what was taken up: a column that is mostly bytes is one of bytes, and lists of one address or number each
    /// are what is in them, as the mapping takes them.
    pub(super) fn settle(&mut self) {
        let bytes = self.cells.iter().filter(|cell| *cell == NO_TEXT).count();
        self.is_binary |= percent(bytes, self.filled()) >= MOSTLY_BYTES;
        let is_single = self.lists > 0 && self.cells.is_empty() && self.singles.len() == self.lists;
        let reaches = |cell: &String| look::is_email(cell) || look::is_phone(cell);
        if is_single && self.singles.iter().all(reaches) {
            self.lists = 0;
            self.cells = std::mem::take(&mut self.singles);
        }
    }

    /// Rows in which it has something.
    pub(super) fn filled(&self) -> usize {
        self.cells.len() + self.lists
    }

    /// How many of the filled cells are so, in percent, rounded down: 100 is all of them. 0 where none is filled.
    pub(super) fn percent(&self, is: impl Fn(&str) -> bool) -> usize {
        percent(self.cells.iter().filter(|cell| is(cell)).count(), self.cells.len())
    }

    /// The rows in which it is filled, in percent.
    pub(super) fn percent_filled(&self) -> usize {
        percent(self.filled(), self.rows)
    }

    /// Different values, as far as `limit`.
    pub(super) fn distinct(&self, limit: usize) -> usize {
        let mut seen: Vec<&str> = Vec::new();
        for cell in &self.cells {
            if seen.len() >= limit {
                break;
            }
            if !seen.contains(&cell.as_str()) {
                seen.push(cell);
            }
        }
        seen.len()
    }
}

pub(super) fn percent(part: usize, whole: usize) -> usize {
    (part * 100).checked_div(whole).unwrap_or(0)
}

#[cfg(test)]
impl Column {
    /// A column of these cells.
    pub(super) fn of(name: &str, cells: &[&str]) -> Self {
        let mut column = Self { name: name.to_owned(), ..Self::default() };
        for cell in cells {
            column.push(cell);
        }
        column
    }
}
