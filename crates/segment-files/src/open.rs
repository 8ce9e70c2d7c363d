//! From a file to its rows: what it is, and the reader for that.

use crate::{
    csv::CsvRows,
    decompress::decompress,
    error::SourceError,
    file::File,
    json::JsonRows,
    magic::{self, Kind},
    parquet::ParquetRows,
    peeked::Peeked,
    reading::{Format, Reading},
    rows::Rows,
    text::Text,
};

/// How much of a file tells what it is, in bytes.
const FIRST_BYTES: usize = 4 << 10;

/// Opens a file as what it is. `wanted` are the mapping's columns: a format that can reads no others, and where a
/// file does not say how it is written they help to find it out.
pub fn open(file: &dyn File, reading: &Reading, wanted: &[&str]) -> Result<Box<dyn Rows>, SourceError> {
    let stream = file.stream().map_err(|source| SourceError::Read { line: 1, source })?;
    let bytes = Peeked::new(stream, FIRST_BYTES);
    match magic::kind(bytes.first()) {
        Some(Kind::Foreign(foreign)) => return Err(foreign.refusal()),
        Some(Kind::Parquet) => return Ok(Box::new(ParquetRows::open(file.handle(), wanted)?)),
        _ if reading.format == Some(Format::Parquet) => return Err(SourceError::NotParquet),
        Some(Kind::Packed(_)) | None => {}
    }
    let text = Text::open(decompress(bytes, reading.compression)?, reading)?;
    let format = match reading.format {
        Some(format) => format,
        None => magic::text_format(text.first())?,
    };
    match format {
        Format::Ndjson => Ok(Box::new(JsonRows::read(text, wanted))),
        Format::Csv | Format::Parquet => Ok(Box::new(CsvRows::read(text, reading, wanted)?)),
    }
}
