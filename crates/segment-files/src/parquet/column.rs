//! One column of a row group, some rows at a time.

use parquet::{
    column::reader::{ColumnReader, ColumnReaderImpl},
    data_type::DataType,
    errors::ParquetError,
    schema::types::ColumnDescriptor,
};

use super::{
    pages::ListValues,
    schema::{Kind, is_list},
    value::Value,
};
use crate::{
    cells::Cells,
    row::{MAX_ROW_BYTES, UNDECODABLE, UnreadableRow},
};

/// How many bytes of text are made at once, not counting the last cell.
const TEXT_BYTES: usize = 256 << 10;

/// The cells of a column, one row after the other.
pub(super) struct Column {
    decoded: Box<dyn Decoded>,
    is_list: bool,
    /// Whether its values are numbers with decimals.
    pub is_number: bool,
    /// Cells that are already converted to text. Converting many at once is faster than one by one.
    ready: Cells,
    /// Which of them are not UTF-8.
    undecodable: Vec<usize>,
    /// How many of them were returned.
    read: usize,
}

/// The decoded values of some rows.
trait Decoded {
    /// Reads the values of at most `rows` rows. Returns the number of rows.
    fn load(&mut self, rows: usize) -> Result<usize, ParquetError>;

    /// Writes the cells of the next rows, where each of them ends, and which of them are not text.
    fn write(&mut self, text: &mut Vec<u8>, ends: &mut Vec<usize>, undecodable: &mut Vec<usize>);

    /// Returns the list of the next row, or `None` if it is null or empty.
    fn list(&mut self) -> Result<Option<Vec<String>>, UnreadableRow>;
}

impl Column {
    pub(super) fn new(reader: ColumnReader, of: &ColumnDescriptor, kind: Kind, listed: ListValues) -> Self {
        let is_float =
            matches!(reader, ColumnReader::FloatColumnReader(_) | ColumnReader::DoubleColumnReader(_));
        let is_number = !is_list(of) && (is_float || matches!(kind, Kind::Decimal(_)));
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
        Self {
            decoded,
            is_list: is_list(of),
            is_number,
            ready: Cells::default(),
            undecodable: Vec::new(),
            read: 0,
        }
    }

    /// Reads the values of at most `rows` rows. Returns the number of rows.
    pub(super) fn load(&mut self, rows: usize) -> Result<usize, ParquetError> {
        self.ready.clear();
        self.read = 0;
        self.decoded.load(rows)
    }

    /// Adds the next cell to the row, and returns its list if it is one. A cell that is not text is [`UNDECODABLE`].
    #[inline]
    pub(super) fn next(&mut self, row: &mut Cells) -> Result<Option<Vec<String>>, UnreadableRow> {
        if self.is_list {
            let list = self.decoded.list();
            row.push(if list.is_ok() { "" } else { UNDECODABLE });
            return list;
        }
        if self.read == self.ready.len() {
            self.write();
        }
        row.push(self.ready.get(self.read).unwrap_or_default());
        self.read += 1;
        if self.undecodable.contains(&(self.read - 1)) { Err(UnreadableRow::Encoding) } else { Ok(None) }
    }

    fn write(&mut self) {
        let (mut text, mut ends) = std::mem::take(&mut self.ready).into_parts();
        text.clear();
        ends.clear();
        self.undecodable.clear();
        self.read = 0;
        self.decoded.write(&mut text, &mut ends, &mut self.undecodable);
        self.ready = Cells::from_parts(text, ends).unwrap_or_else(|(text, ends)| {
            let begins = std::iter::once(&0).chain(&ends);
            let cells = begins.zip(&ends).map(|(begin, end)| text.get(*begin..*end).unwrap_or_default());
            let cells = cells.enumerate().map(|(n, cell)| {
                str::from_utf8(cell).unwrap_or_else(|_| {
                    self.undecodable.push(n);
                    UNDECODABLE
                })
            });
            cells.collect()
        });
    }
}

struct Values<T: DataType> {
    reader: ColumnReaderImpl<T>,
    kind: Kind,
    listed: ListValues,
    /// The definition level of a value that is not null.
    present: i16,
    definitions: Vec<i16>,
    repetitions: Vec<i16>,
    found: Vec<T::T>,
    /// Rows that were read and not returned yet. It is not used for lists.
    rows: usize,
    level: usize,
    value: usize,
}

fn boxed<T: DataType>(
    reader: ColumnReaderImpl<T>,
    of: &ColumnDescriptor,
    kind: Kind,
    listed: ListValues,
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
    /// Returns the value at the next level, or `None` if it is null.
    fn step(&mut self) -> Option<&T::T> {
        // A required column has no levels.
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
        self.listed.reset();
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

    fn write(&mut self, text: &mut Vec<u8>, ends: &mut Vec<usize>, undecodable: &mut Vec<usize>) {
        let kind = self.kind;
        while self.rows > 0 && text.len() < TEXT_BYTES {
            self.rows -= 1;
            let begins = text.len();
            if self.step().is_some_and(|value| value.write(kind, text).is_err()) {
                text.truncate(begins);
                text.extend_from_slice(UNDECODABLE.as_bytes());
                undecodable.push(ends.len());
            }
            ends.push(text.len());
        }
    }

    fn list(&mut self) -> Result<Option<Vec<String>>, UnreadableRow> {
        let kind = self.kind;
        let mut list = Vec::new();
        let mut bytes = 0;
        let mut invalid = None;
        loop {
            // Nothing is copied once the row is too long: a dictionary can repeat one value any number of times.
            if let Some(value) = self.step().filter(|_| bytes <= MAX_ROW_BYTES) {
                let mut text = Vec::new();
                let written = value.write(kind, &mut text);
                match written.and_then(|()| String::from_utf8(text).map_err(|_| UnreadableRow::Encoding)) {
                    Ok(text) => {
                        bytes += text.len();
                        list.push(text);
                    }
                    Err(error) => invalid = Some(error),
                }
            }
            if self.repetitions.get(self.level).is_none_or(|level| *level == 0) {
                break;
            }
        }
        if bytes > MAX_ROW_BYTES {
            // The caller refuses the row for its size.
            invalid = None;
        }
        invalid.map_or_else(|| Ok(Some(list).filter(|list| !list.is_empty())), Err)
    }
}
