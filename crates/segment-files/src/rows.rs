//! The rows of a file in any format.

use crate::{
    error::ReadError,
    header::{ColumnProblem, Header},
    row::{Row, UnreadableRow},
};

/// The rows of a file in any format.
pub trait Rows {
    /// Returns the columns, in the order in which [`Row::cell`] numbers them.
    fn header(&self) -> &Header;

    /// Returns whether the columns are named by a line of the file, so that other lines may precede it by mistake.
    fn has_header_line(&self) -> bool {
        false
    }

    /// Reads the next row into `row`. Returns `None` at the end of the file, and why the row is invalid if it is.
    /// [`Row::line`] is set in either case.
    fn next(&mut self, row: &mut Row) -> Result<Option<Result<(), UnreadableRow>>, ReadError>;

    /// Returns the wanted columns that were in no row. Call it after the last row. Returns `None` if the file has a header,
    /// which was checked already, or if no row could be read.
    fn absent(&self) -> Option<Vec<ColumnProblem>> {
        None
    }
}
