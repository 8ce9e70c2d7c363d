//! Reads customer segments from the files that databases, spreadsheets and data platforms export: any supported file
//! becomes a header and a sequence of rows of text.
//!
//! [`open()`] detects what a file is: CSV, JSON Lines or Parquet; compressed with gzip, zstd or bzip2; in UTF-8,
//! UTF-16, Windows-1252, Shift_JIS or EUC-JP. Whatever is declared in [`ReadOptions`] is not detected. An uncertain
//! guess is an error that names the option to set, so that no name is garbled.
//!
//! A row that cannot be read is reported with its line, and reading continues: see [`UnreadableRow`]. If the rows after a
//! defect cannot be told apart, reading stops: see [`ReadError`].
//!
//! ```
//! use bytes::Bytes;
//! use segment_files::{ReadOptions, Row};
//!
//! let file = Bytes::from("EMail;City\nada@example.com;London\nbob@example.com\n");
//! let mut rows = segment_files::open(&file, &ReadOptions::default(), &["EMail"])?;
//! let email = rows.header().find("EMail").expect("the column exists");
//!
//! let mut row = Row::default();
//! let mut read = Vec::new();
//! while let Some(result) = rows.next(&mut row)? {
//!     read.push(match result {
//!         Ok(()) => row.cell(email).to_owned(),
//!         Err(invalid) => format!("line {}: {invalid}", row.line()),
//!     });
//! }
//! assert_eq!(read, ["ada@example.com", "line 3: the row has 1 cell, but the header has 2"]);
//! # Ok::<(), segment_files::ReadError>(())
//! ```
//!
//! # Memory and passes
//!
//! A text file is read once, from its first byte to its last. From a Parquet file, only the first 4 KiB, the footer and
//! the wanted columns are read; with more than 96 columns, some parts may be read twice.
//!
//! Memory use does not depend on the size of the file. A text file takes a few MiB, for samples of 1 MiB and rows of at
//! most [`MAX_ROW_BYTES`], plus the decompressor's window: at most 128 MiB for zstd, the default limit of the `zstd`
//! tool. A Parquet file takes 24 MiB for blocks, its footer, and a page and a dictionary for each column that is read:
//! usually about 1 MiB each, at most 64 MiB.
//!
//! # Untrusted files
//!
//! Sizes in a file are checked before memory is allocated for them. The Parquet library panics on some damaged files; such a
//! panic is caught and becomes a [`ReadError::Parquet`], unless panics abort the process. To keep it out of the log, the first
//! Parquet file wraps the panic hook of the process.
//!
//! # Layouts
//!
//! [`layout`] parses what producers write beside the files of a segment, such as manifests.
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
mod json_shape;
pub mod layout;
mod lines;
mod magic;
mod open;
mod options;
mod parquet;
mod peeked;
mod row;
mod rows;
mod stream_error;
mod text;

pub use self::{
    charset::{Charset, InvalidCharset},
    delimiter::{Delimiter, InvalidDelimiter},
    error::{DecompressionFailure, Defect, ReadError},
    file::File,
    formula::{escape_formula, unescape_formula},
    header::{ColumnProblem, Header, HeadersDiffer, is_hidden, visible},
    open::open,
    options::{Compression, Escape, Format, ReadOptions, Setting},
    row::{MAX_ROW_BYTES, Row, UNDECODABLE, UnreadableRow},
    rows::Rows,
};

#[cfg(test)]
mod tests;
