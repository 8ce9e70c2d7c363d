//! One column of one row group, some records at a time.

use parquet::{
    column::reader::{ColumnReader, ColumnReaderImpl},
    data_type::DataType,
    errors::ParquetError,
    schema::types::ColumnDescriptor,
};

use super::{
    pages::Listed,
    schema::{Kind, is_list},
    value::Value,
};
use crate::source::BadRow;

/// A column's cells, one row after the other.
pub(super) trait Cells {
    /// Reads the cells of so many rows; answers how many there were.
    fn load(&mut self, rows: usize) -> Result<usize, ParquetError>;

    /// Writes the next row's cell behind what is there already, and hands over its list where it is one. What it wrote of
    /// a cell that is bad is to be taken back.
    fn next(&mut self, out: &mut Vec<u8>) -> Result<Option<Vec<String>>, BadRow>;
}

struct Column<T: DataType> {
    reader: ColumnReaderImpl<T>,
    kind: Kind,
    is_list: bool,
    listed: Listed,
    /// The definition level of a value that is there.
    present: i16,
    definitions: Vec<i16>,
    repetitions: Vec<i16>,
    values: Vec<T::T>,
    level: usize,
    value: usize,
}

/// A column's reader as its cells.
pub(super) fn cells(
    reader: ColumnReader,
    of: &ColumnDescriptor,
    kind: Kind,
    listed: Listed,
) -> Box<dyn Cells> {
    match reader {
        ColumnReader::BoolColumnReader(reader) => boxed(reader, of, kind, listed),
        ColumnReader::Int32ColumnReader(reader) => boxed(reader, of, kind, listed),
        ColumnReader::Int64ColumnReader(reader) => boxed(reader, of, kind, listed),
        ColumnReader::Int96ColumnReader(reader) => boxed(reader, of, kind, listed),
        ColumnReader::FloatColumnReader(reader) => boxed(reader, of, kind, listed),
        ColumnReader::DoubleColumnReader(reader) => boxed(reader, of, kind, listed),
        ColumnReader::ByteArrayColumnReader(reader) => boxed(reader, of, kind, listed),
        ColumnReader::FixedLenByteArrayColumnReader(reader) => boxed(reader, of, kind, listed),
    }
}

fn boxed<T: DataType>(
    reader: ColumnReaderImpl<T>,
    of: &ColumnDescriptor,
    kind: Kind,
    listed: Listed,
) -> Box<dyn Cells>
where
    T::T: Value,
{
    Box::new(Column::<T> {
        reader,
        kind,
        is_list: is_list(of),
        listed,
        present: of.max_def_level(),
        definitions: Vec::new(),
        repetitions: Vec::new(),
        values: Vec::new(),
        level: 0,
        value: 0,
    })
}

impl<T: DataType> Column<T> {
    /// The value at the next level, if there is one.
    fn step(&mut self) -> Option<&T::T> {
        // Where nothing can be missing, no levels are stored.
        let definition = self.definitions.get(self.level).copied();
        self.level += 1;
        if self.present > 0 && definition != Some(self.present) {
            return None;
        }
        self.value += 1;
        self.values.get(self.value - 1)
    }
}

impl<T: DataType> Cells for Column<T>
where
    T::T: Value,
{
    fn load(&mut self, rows: usize) -> Result<usize, ParquetError> {
        (self.level, self.value) = (0, 0);
        self.listed.begin();
        self.definitions.clear();
        self.repetitions.clear();
        self.values.clear();
        let (records, ..) = self.reader.read_records(
            rows,
            Some(&mut self.definitions),
            Some(&mut self.repetitions),
            &mut self.values,
        )?;
        Ok(records)
    }

    fn next(&mut self, out: &mut Vec<u8>) -> Result<Option<Vec<String>>, BadRow> {
        let kind = self.kind;
        if !self.is_list {
            return self.step().map_or(Ok(()), |value| value.write(kind, out)).map(|()| None);
        }
        let mut list = Vec::new();
        let mut bad = None;
        loop {
            if let Some(value) = self.step() {
                let mut text = Vec::new();
                let written = value.write(kind, &mut text);
                match written.and_then(|()| String::from_utf8(text).map_err(|_| BadRow::Encoding)) {
                    Ok(text) => list.push(text),
                    Err(error) => bad = Some(error),
                }
            }
            if self.repetitions.get(self.level).is_none_or(|level| *level == 0) {
                break;
            }
        }
        bad.map_or_else(|| Ok(Some(list).filter(|list| !list.is_empty())), Err)
    }
}
