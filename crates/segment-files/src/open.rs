//! Detects what a file is, and opens the reader for it.

use crate::{
    csv::CsvRows,
    decompress::decompress,
    error::ReadError,
    file::File,
    json::JsonRows,
    magic::{self, Magic},
    options::{Format, ReadOptions},
    parquet::ParquetRows,
    peeked::Peeked,
    rows::Rows,
    text::Text,
};

/// Enough for every signature: the furthest one, tar's, ends at byte 262.
const FIRST_BYTES: usize = 4 << 10;

/// Detects a file's format and opens it. `wanted` names the columns that the caller needs; if it is empty, the caller
/// needs all.
///
/// Parquet and JSON Lines return only the wanted columns. In a Parquet file, a missing column is an error; JSON Lines
/// has no header, so [`Rows::absent`] reports it after the last row. CSV returns all columns: find the wanted ones in
/// [`Rows::header`]. The wanted names also help to detect the delimiter.
pub fn open(file: &dyn File, options: &ReadOptions, wanted: &[&str]) -> Result<Box<dyn Rows>, ReadError> {
    let stream = file.stream().map_err(|source| ReadError::stopped(source, 1))?;
    let bytes = Peeked::new(stream, FIRST_BYTES);
    match magic::detect(bytes.first()) {
        Some(Magic::Unsupported(format)) => return Err(format.into()),
        Some(Magic::Parquet) => return Ok(Box::new(ParquetRows::open(file.handle(), wanted)?)),
        _ if options.format == Some(Format::Parquet) => return Err(ReadError::NotParquet),
        Some(Magic::Compressed(_)) | None => {}
    }
    let text = Text::open(decompress(bytes, options.compression)?, options)?;
    let format = match options.format {
        Some(format) => format,
        None => magic::text_format(text.first())?,
    };
    match format {
        Format::Ndjson => Ok(Box::new(JsonRows::open(text, wanted)?)),
        Format::Csv | Format::Parquet => Ok(Box::new(CsvRows::open(text, options, wanted)?)),
    }
}
