//! Segment files to rows. Reads a stream once, in flat memory, and says of every row it cannot read where it is.

mod bridge;
mod cells;
mod charset;
mod csv;
mod decode;
mod delimiter;
mod error;
mod fault;
mod file;
mod guess;
mod header;
mod json;
mod known;
pub mod layout;
mod lines;
mod neutral;
mod parquet;
mod peeked;
mod reading;
mod row;
mod sample;
mod text;
mod unpack;

use self::{json::JsonRows, known::Kind, parquet::ParquetRows, peeked::Peeked, text::Text};

pub use self::{
    bridge::ObjectFile,
    charset::{Charset, InvalidCharset},
    csv::{CsvRows, MAX_ROW_BYTES},
    delimiter::{Delimiter, InvalidDelimiter},
    error::SourceError,
    fault::Flaw,
    file::File,
    header::{ColumnProblem, Header, HeadersDiffer},
    neutral::{neutral, restored},
    reading::{Compression, Escape, Format, Reading},
    row::{BadRow, Row},
};

/// What a cell of Parquet shows whose bytes are no text: it is not empty.
pub const NO_TEXT: &str = "\u{fffd}";

/// How much of a file tells what it is, in bytes.
const FIRST_BYTES: usize = 4 << 10;

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

/// Opens a file as what it is. `wanted` are the mapping's columns: a format that can reads no others, and where a
/// file does not say how it is written they help to find it out.
pub fn open(file: &dyn File, reading: &Reading, wanted: &[&str]) -> Result<Box<dyn Rows>, SourceError> {
    let stream = file.stream().map_err(|source| SourceError::Read { line: 1, source })?;
    let bytes = Peeked::new(stream, FIRST_BYTES);
    match known::kind(bytes.first()) {
        Some(Kind::Foreign(foreign)) => return Err(foreign.refusal()),
        Some(Kind::Parquet) => return Ok(Box::new(ParquetRows::open(file.handle(), wanted)?)),
        _ if reading.format == Some(Format::Parquet) => return Err(SourceError::NotParquet),
        Some(Kind::Packed(_)) | None => {}
    }
    let text = Text::open(unpack::unpack(bytes, reading.compression)?, reading)?;
    let format = match reading.format {
        Some(format) => format,
        None => text_format(text.first())?,
    };
    match format {
        Format::Ndjson => Ok(Box::new(JsonRows::read(text, wanted))),
        Format::Csv | Format::Parquet => Ok(Box::new(CsvRows::read(text, reading, wanted)?)),
    }
}

/// What a text is.
fn text_format(text: &[u8]) -> Result<Format, SourceError> {
    let foreign =
        known::document(text).or_else(|| known::is_json(text).then(|| json::pretty(text)).flatten());
    match foreign {
        Some(foreign) => Err(foreign.refusal()),
        None if known::is_json(text) => Ok(Format::Ndjson),
        None => Ok(Format::Csv),
    }
}

#[cfg(test)]
mod tests;
