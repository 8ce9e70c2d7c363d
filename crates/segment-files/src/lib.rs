//! Segment files to rows. Reads a stream once, in flat memory, and says of every row it cannot read where it is.
#![warn(missing_docs)]

mod cells;
mod charset;
mod csv;
mod decode;
mod decompress;
mod delimiter;
mod detect_charset;
mod error;
mod file;
mod formula;
mod header;
mod json;
pub mod layout;
mod lines;
mod magic;
mod open;
mod parquet;
mod peeked;
mod reading;
mod row;
mod rows;
mod stream_error;
mod text;

pub use self::{
    charset::{Charset, InvalidCharset},
    delimiter::{Delimiter, InvalidDelimiter},
    error::{Flaw, SourceError},
    file::File,
    formula::{neutral, restored},
    header::{ColumnProblem, Header, HeadersDiffer},
    open::open,
    reading::{Compression, Escape, Format, Reading},
    row::{BadRow, MAX_ROW_BYTES, NO_TEXT, Row},
    rows::Rows,
};

#[cfg(test)]
mod tests;
