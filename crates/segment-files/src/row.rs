//! One row, of whatever format.

use std::borrow::Cow;

use crate::cells::RowCells;

/// The largest row, in bytes. A request to Omnisend must stay under 1 MB, so no larger contact could be sent.
pub const MAX_ROW_BYTES: usize = 2 << 20;

/// What a cell of Parquet shows whose bytes are no text: it is not empty.
pub const NO_TEXT: &str = "\u{fffd}";

/// One row's cells. A reader fills it anew for each row, so that no row allocates.
#[derive(Debug, Default)]
pub struct Row {
    cells: RowCells,
    /// Cells that are lists, by their column: few formats have any, and few rows.
    lists: Vec<(usize, Vec<String>)>,
    line: u64,
}

impl Row {
    /// A cell, without white space around it. Empty where the row has no such column, where the cell is null, and
    /// where it is a list.
    pub fn cell(&self, column: usize) -> &str {
        trimmed(self.cells.get(column).unwrap_or_default())
    }

    /// A cell as text, white space around it included; of a list, its values with `between` between them.
    pub fn text_of(&self, column: usize, between: &str) -> Cow<'_, str> {
        match self.list(column) {
            Some(list) => Cow::Owned(list.join(between)),
            None => Cow::Borrowed(self.cells.get(column).unwrap_or_default()),
        }
    }

    /// A cell that is a list of texts, as JSON and Parquet have them.
    pub fn list(&self, column: usize) -> Option<&[String]> {
        self.lists.iter().find(|(of, _)| *of == column).map(|(_, list)| list.as_slice())
    }

    /// Every cell as it is.
    pub fn cells(&self) -> impl Iterator<Item = &str> {
        self.cells.iter()
    }

    /// All its cells' text, one after the other.
    pub(super) fn text(&self) -> &str {
        self.cells.text()
    }

    /// Where the row begins, counted from 1: the line of a text file, its header's line included; the row of a
    /// file that has no lines.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// Says where the row begins, and forgets the lists of the one before. Its cells stay until they are replaced.
    pub(super) fn begin(&mut self, line: u64) {
        self.line = line;
        self.lists.clear();
    }

    /// The cells, to be filled anew and set again.
    pub(super) fn take_cells(&mut self) -> RowCells {
        std::mem::take(&mut self.cells)
    }

    /// Makes a cell a list.
    pub(super) fn push_list(&mut self, column: usize, list: Vec<String>) {
        self.lists.push((column, list));
    }

    /// The row's cells.
    pub(super) fn set_cells(&mut self, cells: RowCells) {
        self.cells = cells;
    }
}

/// A cell without white space around it. Few have any, which their first and last byte mostly show.
#[inline]
fn trimmed(cell: &str) -> &str {
    match cell.as_bytes() {
        [first, .., last] if first.is_ascii_graphic() && last.is_ascii_graphic() => cell,
        _ => cell.trim(),
    }
}

/// Why one row cannot be read, where the rows around it can.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadRow {
    /// More or fewer cells than the header.
    #[error("the row has {found} cells where the header has {expected}")]
    Ragged {
        /// Columns of the header.
        expected: usize,
        /// Cells of the row.
        found: usize,
    },
    /// More or fewer cells than the header, one of them cut behind a backslash.
    #[error(
        "the row has {found} cells where the header has {expected}, and a backslash stands before a delimiter or \
         a line break; if that is to keep it in its cell, say `escape = \"\\\\\"` under [csv]"
    )]
    Cut {
        /// Columns of the header.
        expected: usize,
        /// Cells of the row.
        found: usize,
    },
    /// Text between a closing quote and the delimiter.
    #[error(
        "text stands between a closing quote and the delimiter, so that it is not clear where the cell ends; double the \
         quotes inside the value"
    )]
    AfterQuote,
    /// A zero byte, which no text has.
    #[error("the row holds a NUL byte")]
    Nul,
    /// Bytes that are not UTF-8.
    #[error("the row is not UTF-8 text")]
    Encoding,
    /// A line of JSON that is broken.
    #[error("the line is not valid JSON")]
    Json,
    /// A line of JSON that is no object.
    #[error("the line is not a JSON object")]
    NotObject,
}
