//! Reads Parquet: the wanted columns, one row group at a time and some rows of it at once.
//!
//! It uses the column readers of the library and not Arrow. Values are needed as text, one row at a time; Arrow's arrays would
//! be one more copy, and megabytes of code.

mod blocks;
mod column;
mod compressed;
mod guard;
mod pages;
mod schema;
mod value;

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use parquet::{
    basic::Compression as Codec,
    column::reader::get_column_reader,
    errors::ParquetError,
    file::{
        metadata::{ParquetMetaData, ParquetMetaDataReader},
        reader::Length as _,
        serialized_reader::SerializedPageReader,
    },
};

use self::{
    blocks::Blocks,
    column::Column,
    compressed::PageCompression,
    guard::guarded,
    pages::{CheckedPages, ListValues},
    schema::{Kind, Leaf, leaves},
};
use crate::{
    error::{Defect, ReadError},
    file::File,
    header::Header,
    row::{MAX_ROW_BYTES, Row, UnreadableRow},
    rows::Rows,
};

/// The most rows that are decoded at once: few enough to stay in the processor cache until they are read.
const ROWS_AHEAD: u64 = 256;

/// The most bytes that are decoded at once, estimated from the sizes in the footer.
const BYTES_AHEAD: u64 = 4 << 20;

/// The rows of a Parquet file.
pub(super) struct ParquetRows {
    blocks: Arc<Blocks>,
    metadata: ParquetMetaData,
    /// The columns that are read, in the order of the header.
    columns: Vec<Leaf>,
    header: Header,
    next_group: usize,
    /// The columns of the current row group.
    open: Vec<Column>,
    /// Rows of the group that are not decoded yet.
    rest: u64,
    /// Rows that are decoded and not returned yet.
    ready: u64,
    at_once: u64,
    /// The number of the last row, counted from 1.
    row: u64,
    /// Whether all columns are read because none are wanted.
    reads_all: bool,
}

impl ParquetRows {
    /// Reads the footer. Reads the wanted columns, or all columns with supported types if none are wanted.
    pub(crate) fn open(file: Arc<dyn File>, wanted: &[&str]) -> Result<Self, ReadError> {
        let blocks = Blocks::new(file);
        if blocks.len() < 12 {
            return Err(damaged(None, None, "it ends before its footer"));
        }
        let metadata = guarded(|| ParquetMetaDataReader::new().parse_and_finish(&blocks))
            .map_err(|error| refusal(error, None, None))?;
        let (all, grouped) = (metadata.file_metadata().num_rows(), grouped_rows(&metadata));
        if grouped != Some(all) {
            return Err(damaged(None, None, "its row groups and the file disagree on the number of rows"));
        }
        let leaves = leaves(metadata.file_metadata().schema_descr());
        let known = Header::new(leaves.iter().map(|leaf| leaf.name.as_str()));
        let mut problems = Vec::new();
        // The place of each wanted column among the wanted ones.
        let mut at = HashMap::new();
        let mut seen = HashSet::new();
        for name in wanted.iter().filter(|name| seen.insert(name.trim())) {
            let place = at.len();
            match known.find(name) {
                Ok(column) => _ = at.entry(column).or_insert(place),
                Err(problem) => problems.push(problem),
            }
        }
        if !problems.is_empty() {
            return Err(ReadError::Columns(problems));
        }
        let is_read = |leaf: &Leaf| {
            if wanted.is_empty() { leaf.kind != Kind::Unsupported } else { at.contains_key(&leaf.index) }
        };
        let mut columns: Vec<Leaf> = leaves.into_iter().filter(is_read).collect();
        if !wanted.is_empty() {
            // In the order of `wanted`, so that files with another order of columns have the same header.
            columns.sort_by_key(|leaf| at.get(&leaf.index).copied());
        }
        if let Some(leaf) = columns.iter().find(|leaf| leaf.kind == Kind::Unsupported) {
            return Err(ReadError::ParquetColumn { column: leaf.name.clone() });
        }
        Ok(Self {
            blocks: Arc::new(blocks.for_pages(columns.len())),
            metadata,
            header: Header::new(columns.iter().map(|leaf| leaf.name.as_str())),
            columns,
            next_group: 0,
            open: Vec::new(),
            rest: 0,
            ready: 0,
            at_once: 1,
            row: 0,
            reads_all: wanted.is_empty(),
        })
    }

    /// Opens the next row group. Returns whether there was one.
    fn open_group(&mut self) -> Result<bool, ReadError> {
        let Some(group) = self.metadata.row_groups().get(self.next_group) else { return Ok(false) };
        self.next_group += 1;
        let first = Some(self.row + 1);
        let rows = usize::try_from(group.num_rows())
            .map_err(|_| damaged(first, None, "a row group has a negative number of rows"))?;
        let mut bytes = 0;
        let mut opened = Vec::with_capacity(self.columns.len());
        for leaf in &self.columns {
            let of = group
                .columns()
                .get(leaf.index)
                .ok_or_else(|| damaged(first, None, "a row group has too few columns"))?;
            if matches!(of.compression(), Codec::LZO) {
                return Err(damaged(
                    first,
                    Some(&leaf.name),
                    "it is compressed with LZO, which is not supported",
                ));
            }
            bytes += u64::try_from(of.uncompressed_size()).unwrap_or_default();
            let descriptor = of.column_descr_ptr();
            let list_values = ListValues::default();
            let reader = guarded(|| {
                let compression = PageCompression::of(of.compression());
                // The library passes on the pages that are decompressed here.
                let of = if compression.is_some() {
                    &of.clone().into_builder().set_compression(Codec::UNCOMPRESSED).build()?
                } else {
                    of
                };
                let pages = SerializedPageReader::new(self.blocks.clone(), of, rows, None)?;
                let pages =
                    CheckedPages::new(pages, &descriptor, rows as u64, list_values.clone(), compression);
                Ok(get_column_reader(descriptor.clone(), Box::new(pages)))
            });
            let reader = reader.map_err(|error| refusal(error, first, Some(&leaf.name)))?;
            opened.push(Column::new(reader, &descriptor, leaf.kind, list_values));
        }
        self.open = opened;
        self.rest = rows as u64;
        let each = bytes / (rows as u64).max(1);
        self.at_once = (BYTES_AHEAD / each.max(1)).clamp(1, ROWS_AHEAD);
        Ok(true)
    }

    /// Decodes the next rows of the group.
    fn load(&mut self) -> Result<(), ReadError> {
        let first = Some(self.row + 1);
        let rows = self.rest.min(self.at_once);
        for (column, leaf) in self.open.iter_mut().zip(&self.columns) {
            let wanted = usize::try_from(rows).unwrap_or(usize::MAX);
            let read = guarded(|| column.load(wanted)).and_then(|read| {
                let error =
                    || ParquetError::General("it has fewer values than its row group has rows".to_owned());
                (read == wanted).then_some(()).ok_or_else(error)
            });
            read.map_err(|error| refusal(error, first, Some(&leaf.name)))?;
        }
        self.rest -= rows;
        self.ready = rows;
        Ok(())
    }
}

impl Rows for ParquetRows {
    fn header(&self) -> &Header {
        &self.header
    }

    fn next(&mut self, row: &mut Row) -> Result<Option<Result<(), UnreadableRow>>, ReadError> {
        while self.ready == 0 {
            if self.rest > 0 {
                self.load()?;
            } else if !self.open_group()? {
                return Ok(None);
            }
        }
        self.ready -= 1;
        self.row += 1;
        row.begin(self.row);
        let mut cells = row.take_cells();
        cells.clear();
        let mut read = Ok(());
        let mut list_bytes = 0;
        for (n, column) in self.open.iter_mut().enumerate() {
            if column.is_number {
                row.push_number(n);
            }
            match column.next(&mut cells) {
                Ok(Some(list)) => {
                    list_bytes += list.iter().map(String::len).sum::<usize>();
                    row.push_list(n, list);
                }
                Ok(None) => {}
                Err(invalid) => read = Err(invalid),
            }
            // This is checked after each cell, since each can be as large as a page.
            if cells.text().len() + list_bytes > MAX_ROW_BYTES {
                return Err(Defect::RowTooLong.at(self.row));
            }
        }
        if memchr::memchr(0, cells.text().as_bytes()).is_some() {
            read = Err(UnreadableRow::Nul);
        }
        row.set_cells(cells);
        // If no column is wanted by name, cells that are not text do not make the row invalid.
        Ok(Some(if self.reads_all { Ok(()) } else { read }))
    }
}

/// Returns the number of rows in all row groups, or `None` if it overflows.
fn grouped_rows(metadata: &ParquetMetaData) -> Option<i64> {
    metadata.row_groups().iter().try_fold(0, |rows: i64, group| rows.checked_add(group.num_rows()))
}

fn damaged(row: Option<u64>, column: Option<&str>, reason: impl Into<String>) -> ReadError {
    ReadError::Parquet { row, column: column.map(str::to_owned), reason: reason.into() }
}

fn refusal(error: ParquetError, row: Option<u64>, column: Option<&str>) -> ReadError {
    match error {
        ParquetError::External(source) => match source.downcast::<std::io::Error>() {
            Ok(source) if source.kind() == std::io::ErrorKind::UnexpectedEof => {
                damaged(row, column, "it ends too early")
            }
            Ok(source) => match source.downcast::<ParquetError>() {
                Ok(found) => refusal(found, row, column),
                Err(source) => Defect::Io(source).at(row.unwrap_or(1)),
            },
            Err(other) => damaged(row, column, other.to_string()),
        },
        ParquetError::General(reason) | ParquetError::NYI(reason) | ParquetError::EOF(reason) => {
            damaged(row, column, reason)
        }
        other => damaged(row, column, other.to_string()),
    }
}

#[cfg(test)]
mod tests;
