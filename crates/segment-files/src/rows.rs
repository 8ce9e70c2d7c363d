//! The rows of a file, of whatever format.

use crate::{
    error::SourceError,
    header::{ColumnProblem, Header},
    row::{BadRow, Row},
};

/// The rows of one file, of whatever format.
pub trait Rows {
    /// The columns.
    fn header(&self) -> &Header;

    /// The next row, into `row`, or what is wrong with it; its line is in `row` either way. `None` at the end.
    fn next(&mut self, row: &mut Row) -> Result<Option<Result<(), BadRow>>, SourceError>;

    /// Columns of the mapping that no row had, known when all rows were read. `None` where a header has them, or no
    /// row could be read.
    fn absent(&self) -> Option<Vec<ColumnProblem>> {
        None
    }
}
