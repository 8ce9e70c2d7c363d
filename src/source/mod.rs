//! Segment files to rows. Reads a stream once, in flat memory, and says of every row it cannot read where it is.

mod bridge;
mod csv;
mod delimiter;
mod file;
mod header;
pub mod layout;
mod reading;
mod row;
mod sample;

pub use self::{
    bridge::ObjectFile,
    csv::{CsvRows, MAX_ROW_BYTES},
    delimiter::{Delimiter, InvalidDelimiter},
    file::File,
    header::{ColumnProblem, Header, HeadersDiffer},
    reading::Reading,
    row::{BadRow, Row},
};

/// The rows of one file, of whatever format.
pub trait Rows {
    /// The columns.
    fn header(&self) -> &Header;

    /// The next row, into `row`, or what is wrong with it; its line is in `row` either way. `None` at the end.
    fn next(&mut self, row: &mut Row) -> Result<Option<Result<(), BadRow>>, SourceError>;
}

/// Opens a file as what it is. `wanted` are the mapping's columns: a format that can reads no others, and where a
/// file does not say how it is written they help to find it out.
pub fn open(file: &dyn File, reading: &Reading, wanted: &[&str]) -> Result<Box<dyn Rows>, SourceError> {
    let stream = file.stream().map_err(|source| SourceError::Read { line: 1, source })?;
    Ok(Box::new(CsvRows::open(stream, reading.delimiter, reading.columns.as_deref(), wanted)?))
}

/// Why a segment file cannot be trusted, as a whole. Nothing of it is sent.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// Its first bytes are those of another format.
    #[error("this is {format}, not CSV text in UTF-8; {advice}")]
    NotCsv {
        /// What it looks like.
        format: &'static str,
        /// What to do.
        advice: &'static str,
    },
    /// It holds no header.
    #[error("the file is empty; a header line with the column names was expected")]
    Empty,
    /// The header line is not text.
    #[error("line 1: the header is not UTF-8 text; save the file as UTF-8")]
    HeaderEncoding,
    /// Columns of the mapping are not in the header, or are there twice.
    #[error("the header does not fit the mapping:{}", list(.0))]
    Columns(Vec<ColumnProblem>),
    /// A quote was opened and never closed.
    #[error(
        "line {line}: a quote opened in this row is never closed, so the rows after it cannot be told apart; close it, or double the quotes inside the value"
    )]
    UnclosedQuote {
        /// Where the row begins.
        line: u64,
    },
    /// A row is larger than any contact can be.
    #[error(
        "line {line}: this row is larger than {} MiB, which no contact can be; a quote may be open, or the delimiter or line ends may not be what they seem",
        MAX_ROW_BYTES >> 20
    )]
    RowTooLong {
        /// Where the row begins.
        line: u64,
    },
    /// The bytes stopped coming.
    #[error("line {line}: {source}")]
    Read {
        /// Where the row begins that was being read.
        line: u64,
        /// What went wrong.
        #[source]
        source: std::io::Error,
    },
}

fn list(problems: &[ColumnProblem]) -> String {
    problems.iter().fold(String::new(), |list, problem| list + "\n  " + &problem.to_string())
}
