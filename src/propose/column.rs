//! One column of the sampled rows.

use std::collections::HashSet;

use super::{
    by_name, cell,
    meaning::{Clarity, Meaning},
};
use crate::contact::{Field, masked};
use segment_files::{UNDECODABLE, visible};

/// How much of a cell is kept, in bytes.
const MAX_CELL: usize = 256;
/// The share of undecodable cells at which a column counts as binary, in percent.
const MOSTLY_BINARY: usize = 50;

/// The share of a column's cells from which it is a column of addresses, in percent.
const MOSTLY_EMAIL: usize = 50;

/// A column of a file, as the sampled rows show it.
#[derive(Debug, Default)]
pub(crate) struct Column {
    /// The column's position, counted from 0.
    pub at: usize,
    /// The column's name in the header.
    pub name: String,
    /// Whether another column has the same name, so that neither can be mapped.
    pub is_repeated: bool,
    /// The cells that are not empty, cut to 256 bytes.
    pub cells: Vec<String>,
    /// The number of cells that are lists, as in JSON and Parquet.
    pub lists: usize,
    /// The number of cells that are numbers in JSON or Parquet, whose `.` is a decimal point.
    pub typed_numbers: usize,
    /// The items of the lists that have exactly one.
    pub single_items: Vec<String>,
    /// Whether the day precedes the month in the file's dates, if its other columns show it.
    pub day_first: Option<bool>,
    /// Whether it contains binary data: a row with such a cell in a mapped column is invalid.
    pub is_binary: bool,
    /// The number of sampled rows.
    pub rows: usize,
}

impl Column {
    /// Whether an export can map it.
    pub(super) fn is_mappable(&self) -> bool {
        !self.is_repeated && !self.name.is_empty() && !self.is_binary
    }

    /// The name for a message. It is masked if it seems to be data, as in a file without a header.
    pub(crate) fn shown_name(&self) -> String {
        if cell::is_value(&self.name) || cell::is_phone(&self.name) || self.name.contains('@') {
            return masked(&self.name);
        }
        visible(&self.name).into_owned()
    }

    /// Whether its name or its values suggest that it has the contacts' email addresses.
    pub(crate) fn suggests_email(&self) -> bool {
        is_named_email(&self.name) || self.percent(cell::is_email) >= MOSTLY_EMAIL
    }

    pub(super) fn is_empty(&self) -> bool {
        self.cells.is_empty() && self.lists == 0
    }

    /// Adds a row's cell, which is trimmed.
    pub(super) fn push(&mut self, cell: &str) {
        self.rows += 1;
        self.is_binary |= memchr::memchr(0, cell.as_bytes()).is_some();
        if !cell.is_empty() {
            let end = (0..=MAX_CELL.min(cell.len())).rev().find(|end| cell.is_char_boundary(*end));
            self.cells.push(cell.get(..end.unwrap_or(0)).unwrap_or_default().to_owned());
        }
    }

    /// Adds a row's list.
    pub(super) fn push_list(&mut self, list: &[String]) {
        self.rows += 1;
        self.lists += 1;
        if let [one] = list {
            self.single_items.push(one.trim().to_owned());
        }
    }

    /// Completes the column after the last row. A column of which at least half cannot be decoded counts as binary.
    /// Lists of one address or phone number each are replaced with their items, since the mapping accepts them.
    pub(super) fn finish(&mut self) {
        let binary = self.cells.iter().filter(|cell| *cell == UNDECODABLE).count();
        self.is_binary |= percent(binary, self.filled()) >= MOSTLY_BINARY;
        let is_single = self.lists > 0 && self.cells.is_empty() && self.single_items.len() == self.lists;
        let is_identifier = |cell: &String| cell::is_email(cell) || cell::is_phone(cell);
        if is_single && self.single_items.iter().all(is_identifier) {
            self.lists = 0;
            self.cells = std::mem::take(&mut self.single_items);
        }
    }

    /// Returns the number of rows in which the column is not empty.
    pub(super) fn filled(&self) -> usize {
        self.cells.len() + self.lists
    }

    /// Returns the share of the filled cells for which `is` holds, in percent, rounded down: 100 means all of them. 0
    /// if none is filled.
    pub(super) fn percent(&self, is: impl Fn(&str) -> bool) -> usize {
        percent(self.cells.iter().filter(|cell| is(cell)).count(), self.cells.len())
    }

    /// Returns the share of the rows in which the column is not empty, in percent, rounded down.
    pub(super) fn percent_filled(&self) -> usize {
        percent(self.filled(), self.rows)
    }

    /// Returns the number of different values.
    pub(super) fn distinct(&self) -> usize {
        self.cells.iter().collect::<HashSet<_>>().len()
    }
}

/// Whether a name is that of the column with the contacts' email addresses.
pub(super) fn is_named_email(name: &str) -> bool {
    by_name::meaning(name)
        .is_some_and(|name| name.meaning == Meaning::Field(Field::Email) && name.clarity > Clarity::Secondary)
}

/// A share in percent, rounded down. 0 of nothing.
pub(super) fn percent(part: usize, whole: usize) -> usize {
    (part * 100).checked_div(whole).unwrap_or(0)
}

#[cfg(test)]
impl Column {
    pub(super) fn of(name: &str, cells: &[&str]) -> Self {
        let mut column = Self { name: name.to_owned(), ..Self::default() };
        for cell in cells {
            column.push(cell);
        }
        column
    }
}
