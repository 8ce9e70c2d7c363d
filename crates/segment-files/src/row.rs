//! One row of a file in any format.

use std::borrow::Cow;

use crate::{cells::Cells, options::Setting};

/// The largest row that is read, in bytes: larger than any contact that an API accepts.
pub const MAX_ROW_BYTES: usize = 2 << 20;

/// The text of a Parquet cell whose bytes are not UTF-8, when every column is read: it shows that the cell is not empty.
pub const UNDECODABLE: &str = "\u{fffd}";

/// The cells of one row. A reader fills the same `Row` again and again, so that few rows allocate memory.
#[derive(Debug, Default)]
pub struct Row {
    cells: Cells,
    /// Cells that are lists, in the order of their columns. Few rows have any.
    lists: Vec<(usize, Vec<String>)>,
    /// The columns whose cells are fractional numbers of a typed format.
    numbers: Vec<usize>,
    line: u64,
}

impl Row {
    /// Returns a cell without surrounding white space. It is empty if the row has no such column, or if the cell is null or
    /// a list.
    pub fn cell(&self, column: usize) -> &str {
        trimmed(self.cells.get(column).unwrap_or_default())
    }

    /// Returns a cell as it is in the file, with surrounding white space; the values of a list are joined by `separator`.
    pub fn text_of(&self, column: usize, separator: &str) -> Cow<'_, str> {
        match self.list(column) {
            Some(list) => Cow::Owned(list.join(separator)),
            None => Cow::Borrowed(self.cells.get(column).unwrap_or_default()),
        }
    }

    /// Returns a cell that is a list of texts. JSON and Parquet have lists, CSV has none.
    pub fn list(&self, column: usize) -> Option<&[String]> {
        let at = self.lists.binary_search_by_key(&column, |(of, _)| *of).ok()?;
        self.lists.get(at).map(|(_, list)| list.as_slice())
    }

    /// Returns whether a cell is a number in JSON, or one with decimals in Parquet, so that its `.` is a decimal point.
    pub fn is_number(&self, column: usize) -> bool {
        self.numbers.contains(&column)
    }

    /// Returns every cell as it is in the file. A list is an empty cell here.
    pub fn cells(&self) -> impl Iterator<Item = &str> {
        self.cells.iter()
    }

    /// Returns the text of all cells, without anything between them.
    pub(crate) fn text(&self) -> &str {
        self.cells.text()
    }

    /// Returns where the row begins, counted from 1: the line of a text file, whose header is a line too; the number of the
    /// row in a Parquet file.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// Sets the line of the next row, and removes the lists and numbers of the last one. Its cells stay until they are replaced.
    pub(crate) fn begin(&mut self, line: u64) {
        self.line = line;
        self.lists.clear();
        self.numbers.clear();
    }

    /// Takes the cells out, so that their memory can be reused. [`Row::set_cells`] puts new ones in.
    pub(crate) fn take_cells(&mut self) -> Cells {
        std::mem::take(&mut self.cells)
    }

    pub(crate) fn set_cells(&mut self, cells: Cells) {
        self.cells = cells;
    }

    pub(crate) fn push_number(&mut self, column: usize) {
        self.numbers.push(column);
    }

    /// Adds a list. Its column is after those of the lists before it.
    pub(crate) fn push_list(&mut self, column: usize, list: Vec<String>) {
        self.lists.push((column, list));
    }
}

/// Trims a cell. The first and the last byte usually show that there is nothing to trim.
#[inline]
fn trimmed(cell: &str) -> &str {
    match cell.as_bytes() {
        [first, .., last] if first.is_ascii_graphic() && last.is_ascii_graphic() => cell,
        _ => cell.trim(),
    }
}

/// Why one row cannot be read. The rows before and after it can.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UnreadableRow {
    /// The row has more or fewer cells than the header.
    #[error("the row has {}, but the header has {expected}", count(*.found))]
    Ragged {
        /// The number of columns in the header.
        expected: usize,
        /// The number of cells in the row.
        found: usize,
    },
    /// The row has more or fewer cells than the header, and one of them ends with a backslash.
    #[error(
        "the row has {}, but the header has {expected}, and a backslash precedes a delimiter or a line break; if that \
         belongs to the cell, set `escape = \"\\\\\"`",
        count(*.found)
    )]
    BackslashSplit {
        /// The number of columns in the header.
        expected: usize,
        /// The number of cells in the row.
        found: usize,
    },
    /// Text follows a closing quote.
    #[error(
        "text follows a closing quote, so it is not clear where the cell ends; double the quotes inside the value"
    )]
    AfterQuote,
    /// The row has a NUL byte, which is not text.
    #[error("the row has a NUL byte")]
    Nul,
    /// The row is not UTF-8.
    #[error("the row is not UTF-8 text")]
    Encoding,
    /// The line of a JSON Lines file is not JSON.
    #[error("the line is not valid JSON")]
    Json,
    /// The line of a JSON Lines file is JSON, but not an object.
    #[error("the line is not a JSON object")]
    NotObject,
}

impl UnreadableRow {
    /// Returns the option that would make the row readable, if the message asks to set one.
    pub fn setting(self) -> Option<Setting> {
        matches!(self, Self::BackslashSplit { .. }).then_some(Setting::Escape)
    }
}

fn count(cells: usize) -> String {
    if cells == 1 { "1 cell".to_owned() } else { format!("{cells} cells") }
}
