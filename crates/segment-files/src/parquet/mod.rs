//! Parquet: the mapping's columns of one row group after the other, some rows at a time.
//!
//! By the column readers, not by Arrow: what is stored is wanted as text, one row at a time, and Arrow's arrays would be
//! a copy on the way, and megabytes of code.

mod blocks;
mod column;
mod compressed;
mod guard;
mod pages;
mod schema;
mod value;

use std::sync::Arc;

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
    compressed::Packed,
    guard::guarded,
    pages::{Checked, Listed},
    schema::{Kind, Leaf, leaves},
};
use crate::{
    error::SourceError,
    file::File,
    header::Header,
    row::{BadRow, MAX_ROW_BYTES, Row},
    rows::Rows,
};

/// Rows that are decoded at once, at most: as many as stay near the processor until they are read.
const ROWS_AHEAD: u64 = 256;

/// What the rows that are decoded at once take, by what the file says of itself, in bytes.
const BYTES_AHEAD: u64 = 4 << 20;

/// The rows of a Parquet file.
pub(super) struct ParquetRows {
    blocks: Arc<Blocks>,
    metadata: ParquetMetaData,
    /// The columns that are read, in the header's order.
    columns: Vec<Leaf>,
    header: Header,
    group: usize,
    /// The columns of the row group that is read.
    open: Vec<Column>,
    /// Rows of the group that were not decoded yet.
    rest: u64,
    /// Rows that were decoded, and not handed out yet.
    ready: u64,
    at_once: u64,
    row: u64,
    /// Whether it reads every column, and not those of a mapping.
    reads_all: bool,
}

impl ParquetRows {
    /// Reads the footer. `wanted` are the mapping's columns; without any, all are read.
    pub(super) fn open(file: Arc<dyn File>, wanted: &[&str]) -> Result<Self, SourceError> {
        let blocks = Blocks::new(file);
        if blocks.len() < 12 {
            let reason = "it ends before its footer".to_owned();
            return Err(SourceError::Parquet { row: 0, column: None, reason });
        }
        let metadata = guarded(|| ParquetMetaDataReader::new().parse_and_finish(&blocks))
            .map_err(|error| refusal(error, 0, None))?;
        let (all, grouped) = (metadata.file_metadata().num_rows(), grouped_rows(&metadata));
        if grouped != Some(all) {
            let reason = "its row groups have another number of rows than the file".to_owned();
            return Err(SourceError::Parquet { row: 0, column: None, reason });
        }
        let leaves = leaves(metadata.file_metadata().schema_descr());
        let known = Header::new(leaves.iter().map(|leaf| leaf.name.as_str()));
        let mut problems = Vec::new();
        let mut at = Vec::new();
        for name in wanted {
            match known.find(name) {
                Ok(column) if !at.contains(&column) => at.push(column),
                Err(problem) if !problems.contains(&problem) => problems.push(problem),
                Ok(_) | Err(_) => {}
            }
        }
        if !problems.is_empty() {
            return Err(SourceError::Columns(problems));
        }
        let is_read = |leaf: &Leaf| {
            if wanted.is_empty() { leaf.kind != Kind::Unread } else { at.contains(&leaf.index) }
        };
        let mut columns: Vec<Leaf> = leaves.into_iter().filter(is_read).collect();
        if !wanted.is_empty() {
            // In the mapping's order, so that files whose columns stand otherwise are alike.
            columns.sort_by_key(|leaf| at.iter().position(|column| *column == leaf.index));
        }
        if let Some(leaf) = columns.iter().find(|leaf| leaf.kind == Kind::Unread) {
            return Err(SourceError::ParquetColumn { column: leaf.name.clone() });
        }
        Ok(Self {
            blocks: Arc::new(blocks.for_pages(columns.len())),
            metadata,
            header: Header::new(columns.iter().map(|leaf| leaf.name.as_str())),
            columns,
            group: 0,
            open: Vec::new(),
            rest: 0,
            ready: 0,
            at_once: 1,
            row: 0,
            reads_all: wanted.is_empty(),
        })
    }

    /// Opens the next row group; answers whether there was one.
    fn next_group(&mut self) -> Result<bool, SourceError> {
        let Some(group) = self.metadata.row_groups().get(self.group) else { return Ok(false) };
        self.group += 1;
        let refuse = |reason: &str| SourceError::Parquet {
            row: self.row + 1,
            column: None,
            reason: reason.to_owned(),
        };
        let rows =
            usize::try_from(group.num_rows()).map_err(|_| refuse("a row group has less than no rows"))?;
        let mut bytes = 0;
        let mut opened = Vec::with_capacity(self.columns.len());
        for leaf in &self.columns {
            let of =
                group.columns().get(leaf.index).ok_or_else(|| refuse("a row group has too few columns"))?;
            if matches!(of.compression(), Codec::LZO) {
                return Err(SourceError::Parquet {
                    row: self.row + 1,
                    column: Some(leaf.name.clone()),
                    reason: "it is packed with LZO, which is not read".to_owned(),
                });
            }
            bytes += u64::try_from(of.uncompressed_size()).unwrap_or_default();
            let descriptor = of.column_descr_ptr();
            let listed = Listed::default();
            let reader = guarded(|| {
                let packed = Packed::of(of.compression());
                // So that the library hands over as they are the pages that are unpacked here.
                let of = if packed.is_some() {
                    &of.clone().into_builder().set_compression(Codec::UNCOMPRESSED).build()?
                } else {
                    of
                };
                let pages = SerializedPageReader::new(self.blocks.clone(), of, rows, None)?;
                let pages = Checked::new(pages, &descriptor, rows as u64, listed.clone(), packed);
                Ok(get_column_reader(descriptor.clone(), Box::new(pages)))
            });
            let reader = reader.map_err(|error| refusal(error, self.row + 1, Some(&leaf.name)))?;
            opened.push(Column::new(reader, &descriptor, leaf.kind, listed));
        }
        self.open = opened;
        self.rest = rows as u64;
        let each = bytes / (rows as u64).max(1);
        self.at_once = (BYTES_AHEAD / each.max(1)).clamp(1, ROWS_AHEAD);
        Ok(true)
    }

    /// Decodes the next rows of the group.
    fn load(&mut self) -> Result<(), SourceError> {
        let rows = self.rest.min(self.at_once);
        for (column, leaf) in self.open.iter_mut().zip(&self.columns) {
            let wanted = usize::try_from(rows).unwrap_or(usize::MAX);
            let read = guarded(|| column.load(wanted)).and_then(|read| {
                let error =
                    || ParquetError::General("it has fewer values than its row group has rows".to_owned());
                (read == wanted).then_some(()).ok_or_else(error)
            });
            read.map_err(|error| refusal(error, self.row + 1, Some(&leaf.name)))?;
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

    fn next(&mut self, row: &mut Row) -> Result<Option<Result<(), BadRow>>, SourceError> {
        while self.ready == 0 {
            if self.rest > 0 {
                self.load()?;
            } else if !self.next_group()? {
                return Ok(None);
            }
        }
        self.ready -= 1;
        self.row += 1;
        row.begin(self.row);
        let mut cells = row.take_cells();
        cells.clear();
        let mut read = Ok(());
        let mut listed = 0;
        for (n, column) in self.open.iter_mut().enumerate() {
            match column.next(&mut cells) {
                Ok(Some(list)) => {
                    listed += list.iter().map(String::len).sum::<usize>();
                    row.push_list(n, list);
                }
                Ok(None) => {}
                Err(bad) => read = Err(bad),
            }
            // After each cell: any number of them may be as large as a page.
            if cells.text().len() + listed > MAX_ROW_BYTES {
                return Err(SourceError::RowTooLong { line: self.row });
            }
        }
        if memchr::memchr(0, cells.text().as_bytes()).is_some() {
            read = Err(BadRow::Nul);
        }
        row.set_cells(cells);
        // Where nobody asked for the column, bytes that are no text, and zero bytes, are no reason to leave the row out.
        Ok(Some(if self.reads_all { Ok(()) } else { read }))
    }
}

/// How many rows all row groups have.
fn grouped_rows(metadata: &ParquetMetaData) -> Option<i64> {
    metadata.row_groups().iter().try_fold(0, |rows: i64, group| rows.checked_add(group.num_rows()))
}

fn refusal(error: ParquetError, row: u64, column: Option<&str>) -> SourceError {
    let damaged = |reason: String| SourceError::Parquet { row, column: column.map(str::to_owned), reason };
    match error {
        ParquetError::External(source) => match source.downcast::<std::io::Error>() {
            Ok(source) if source.kind() == std::io::ErrorKind::UnexpectedEof => {
                damaged("it ends too early".to_owned())
            }
            Ok(source) => match source.downcast::<ParquetError>() {
                Ok(found) => refusal(found, row, column),
                Err(source) => SourceError::Read { line: row.max(1), source },
            },
            Err(other) => damaged(other.to_string()),
        },
        ParquetError::General(reason) | ParquetError::NYI(reason) | ParquetError::EOF(reason) => {
            damaged(reason)
        }
        other => damaged(other.to_string()),
    }
}

#[cfg(test)]
mod tests;
