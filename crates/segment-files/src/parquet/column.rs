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
use crate::{
    cells::RowCells,
    row::{BadRow, MAX_ROW_BYTES, NO_TEXT},
};

/// Text that is made at once, in bytes, but for the last cell of it.
const TEXT_BYTES: usize = 256 << 10;

/// A column's cells, one row after the other.
pub(super) struct Column {
    decoded: Box<dyn Decoded>,
    is_list: bool,
    /// Cells that are text already: all at once, which is quicker than one for each row.
    ready: RowCells,
    /// Those of them that are no text.
    bad: Vec<usize>,
    /// How many of them were handed out.
    read: usize,
}

/// The values of some rows.
trait Decoded {
    /// Reads the values of so many rows; answers how many rows there were.
    fn load(&mut self, rows: usize) -> Result<usize, ParquetError>;

    /// Writes the cells of the next rows, and where each ends; of those that are bad, which they are.
    fn write(&mut self, text: &mut Vec<u8>, ends: &mut Vec<usize>, bad: &mut Vec<usize>);

    /// The next row's list; `None` where it has none.
    fn list(&mut self) -> Result<Option<Vec<String>>, BadRow>;
}

impl Column {
    pub(super) fn new(reader: ColumnReader, of: &ColumnDescriptor, kind: Kind, listed: Listed) -> Self {
        let decoded = match reader {
            ColumnReader::BoolColumnReader(reader) => boxed(reader, of, kind, listed),
            ColumnReader::Int32ColumnReader(reader) => boxed(reader, of, kind, listed),
            ColumnReader::Int64ColumnReader(reader) => boxed(reader, of, kind, listed),
            ColumnReader::Int96ColumnReader(reader) => boxed(reader, of, kind, listed),
            ColumnReader::FloatColumnReader(reader) => boxed(reader, of, kind, listed),
            ColumnReader::DoubleColumnReader(reader) => boxed(reader, of, kind, listed),
            ColumnReader::ByteArrayColumnReader(reader) => boxed(reader, of, kind, listed),
            ColumnReader::FixedLenByteArrayColumnReader(reader) => boxed(reader, of, kind, listed),
        };
        Self { decoded, is_list: is_list(of), ready: RowCells::default(), bad: Vec::new(), read: 0 }
    }

    /// Reads the values of so many rows; answers how many rows there were.
    pub(super) fn load(&mut self, rows: usize) -> Result<usize, ParquetError> {
        self.ready.clear();
        self.read = 0;
        self.decoded.load(rows)
    }

    /// Adds the next row's cell, and hands over its list where it is one. A cell that is bad shows that something is there.
    #[inline]
    pub(super) fn next(&mut self, row: &mut RowCells) -> Result<Option<Vec<String>>, BadRow> {
        if self.is_list {
            let list = self.decoded.list();
            row.push(if list.is_ok() { "" } else { NO_TEXT });
            return list;
        }
        if self.read == self.ready.len() {
            self.write();
        }
        row.push(self.ready.get(self.read).unwrap_or_default());
        self.read += 1;
        if self.bad.contains(&(self.read - 1)) { Err(BadRow::Encoding) } else { Ok(None) }
    }

    fn write(&mut self) {
        let (mut text, mut ends) = std::mem::take(&mut self.ready).into_parts();
        text.clear();
        ends.clear();
        self.bad.clear();
        self.read = 0;
        self.decoded.write(&mut text, &mut ends, &mut self.bad);
        self.ready = RowCells::from_parts(text, ends).unwrap_or_else(|(text, ends)| {
            let begins = std::iter::once(&0).chain(&ends);
            let cells = begins.zip(&ends).map(|(begin, end)| text.get(*begin..*end).unwrap_or_default());
            let cells = cells.enumerate().map(|(n, cell)| {
                str::from_utf8(cell).unwrap_or_else(|_| {
                    self.bad.push(n);
                    NO_TEXT
                })
            });
            cells.collect()
        });
    }
}

struct Values<T: DataType> {
    reader: ColumnReaderImpl<T>,
    kind: Kind,
    listed: Listed,
    /// The definition level of a value that is there.
    present: i16,
    definitions: Vec<i16>,
    repetitions: Vec<i16>,
    found: Vec<T::T>,
    /// Rows that were read, and not handed out yet; of a list nobody counts them.
    rows: usize,
    level: usize,
    value: usize,
}

fn boxed<T: DataType>(
    reader: ColumnReaderImpl<T>,
    of: &ColumnDescriptor,
    kind: Kind,
    listed: Listed,
) -> Box<dyn Decoded>
where
    T::T: Value,
{
    Box::new(Values::<T> {
        reader,
        kind,
        listed,
        present: of.max_def_level(),
        definitions: Vec::new(),
        repetitions: Vec::new(),
        found: Vec::new(),
        rows: 0,
        level: 0,
        value: 0,
    })
}

impl<T: DataType> Values<T> {
    /// The value at the next level, if there is one.
    fn step(&mut self) -> Option<&T::T> {
        // Where nothing can be missing, no levels are stored.
        let definition = self.definitions.get(self.level).copied();
        self.level += 1;
        if self.present > 0 && definition != Some(self.present) {
            return None;
        }
        self.value += 1;
        self.found.get(self.value - 1)
    }
}

impl<T: DataType> Decoded for Values<T>
where
    T::T: Value,
{
    fn load(&mut self, rows: usize) -> Result<usize, ParquetError> {
        (self.level, self.value) = (0, 0);
        self.listed.begin();
        self.definitions.clear();
        self.repetitions.clear();
        self.found.clear();
        let (records, ..) = self.reader.read_records(
            rows,
            Some(&mut self.definitions),
            Some(&mut self.repetitions),
            &mut self.found,
        )?;
        self.rows = records;
        Ok(records)
    }

    fn write(&mut self, text: &mut Vec<u8>, ends: &mut Vec<usize>, bad: &mut Vec<usize>) {
        let kind = self.kind;
        while self.rows > 0 && text.len() < TEXT_BYTES {
            self.rows -= 1;
            let begins = text.len();
            if self.step().is_some_and(|value| value.write(kind, text).is_err()) {
                text.truncate(begins);
                text.extend_from_slice(NO_TEXT.as_bytes());
                bad.push(ends.len());
            }
            ends.push(text.len());
        }
    }

    fn list(&mut self) -> Result<Option<Vec<String>>, BadRow> {
        let kind = self.kind;
        let mut list = Vec::new();
        let mut bytes = 0;
        let mut bad = None;
        loop {
            // Behind what makes the row too long there is nothing to copy: a dictionary may repeat one value any number
            // of times.
            if let Some(value) = self.step().filter(|_| bytes <= MAX_ROW_BYTES) {
                let mut text = Vec::new();
                let written = value.write(kind, &mut text);
                match written.and_then(|()| String::from_utf8(text).map_err(|_| BadRow::Encoding)) {
                    Ok(text) => {
                        bytes += text.len();
                        list.push(text);
                    }
                    Err(error) => bad = Some(error),
                }
            }
            if self.repetitions.get(self.level).is_none_or(|level| *level == 0) {
                break;
            }
        }
        if bytes > MAX_ROW_BYTES {
            // The row is refused for its length, whatever else is wrong with it.
            bad = None;
        }
        bad.map_or_else(|| Ok(Some(list).filter(|list| !list.is_empty())), Err)
    }
}
