//! The bytes of a Parquet file, read in blocks. Only a few blocks stay in memory, however large the row groups are.

use std::{
    collections::VecDeque,
    io::{self, Read},
    sync::{Arc, Mutex, PoisonError},
};

use bytes::{Bytes, BytesMut};
use parquet::{
    errors::ParquetError,
    file::reader::{ChunkReader, Length},
};

use crate::file::File;

/// The memory limit of all blocks together.
const CACHE_BYTES: u64 = 24 << 20;

/// The size of a block if few columns are read.
const BLOCK_BYTES: u64 = 1 << 20;

/// The smallest block. A smaller request to an object store would take just as long.
const MIN_BLOCK_BYTES: u64 = 128 << 10;

/// The largest page or footer that is read. Writers make pages of about 1 MiB.
pub(super) const MAX_PAGE_BYTES: u64 = 64 << 20;

/// A file that is read in blocks.
#[derive(Debug, Clone)]
pub(super) struct Blocks {
    file: Arc<dyn File>,
    block_bytes: u64,
    /// Whether reads begin at page headers, and not in the footer.
    has_pages: bool,
    /// The most recently used blocks by their number, the newest at the end.
    cache: Arc<Mutex<VecDeque<(u64, Bytes)>>>,
}

impl Blocks {
    pub(super) fn new(file: Arc<dyn File>) -> Self {
        Self { file, block_bytes: BLOCK_BYTES, has_pages: false, cache: Arc::default() }
    }

    /// Prepares to read the pages of `columns` columns, in blocks small enough for each column to keep the two that it
    /// reads.
    pub(super) fn for_pages(mut self, columns: usize) -> Self {
        let each = CACHE_BYTES / (2 * columns.max(1) as u64);
        self.block_bytes = each.clamp(MIN_BLOCK_BYTES, BLOCK_BYTES);
        self.has_pages = true;
        self.cache = Arc::default();
        self
    }

    fn block(&self, n: u64) -> io::Result<Bytes> {
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = cache.iter().position(|(block, _)| *block == n)
            && let Some(found) = cache.remove(at)
        {
            let bytes = found.1.clone();
            cache.push_back(found);
            return Ok(bytes);
        }
        let from = n * self.block_bytes;
        let bytes = self.file.range(from..(from + self.block_bytes).min(self.file.size()))?;
        while (cache.len() as u64 + 1) * self.block_bytes > CACHE_BYTES {
            cache.pop_front();
        }
        cache.push_back((n, bytes.clone()));
        Ok(bytes)
    }

    /// Returns the rest of a block from a position. It is empty only at the end of the file.
    fn from(&self, at: u64) -> io::Result<Bytes> {
        if at >= self.file.size() {
            return Ok(Bytes::new());
        }
        let block = self.block(at / self.block_bytes)?;
        let inside = usize::try_from(at % self.block_bytes).unwrap_or(usize::MAX).min(block.len());
        Ok(block.slice(inside..))
    }

    fn bytes(&self, start: u64, length: u64) -> io::Result<Bytes> {
        let end = start.checked_add(length).filter(|end| *end <= self.file.size());
        let end = end.ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof))?;
        if length > self.block_bytes {
            return self.file.range(start..end);
        }
        let wanted = usize::try_from(length).unwrap_or(usize::MAX);
        let mut first = self.from(start)?;
        if first.len() >= wanted {
            return Ok(first.split_to(wanted));
        }
        let mut all = BytesMut::with_capacity(wanted);
        all.extend_from_slice(&first);
        let mut second = self.from(start + first.len() as u64)?;
        all.extend_from_slice(&second.split_to((wanted - first.len()).min(second.len())));
        Ok(all.freeze())
    }
}

impl Length for Blocks {
    fn len(&self) -> u64 {
        self.file.size()
    }
}

impl ChunkReader for Blocks {
    type T = PageHeader;

    fn get_read(&self, start: u64) -> Result<PageHeader, ParquetError> {
        Ok(PageHeader { blocks: self.clone(), at: start, begun: false })
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        if length as u64 > MAX_PAGE_BYTES {
            return Err(too_large(length as u64));
        }
        self.bytes(start, length as u64).map_err(|error| ParquetError::External(Box::new(error)))
    }
}

/// No writer writes such a header.
const NO_HEADER: &str = "a page header does not begin with its type and size";

fn too_large(bytes: u64) -> ParquetError {
    ParquetError::General(format!(
        "a part has {} MiB, but at most {} MiB are read at once",
        bytes >> 20,
        MAX_PAGE_BYTES >> 20
    ))
}

/// A stream of the bytes from a page header on.
#[derive(Debug)]
pub(super) struct PageHeader {
    blocks: Blocks,
    at: u64,
    begun: bool,
}

impl Read for PageHeader {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let mut bytes = self.blocks.from(self.at)?;
        if !self.begun && self.blocks.has_pages {
            let head = self.blocks.bytes(self.at, 16.min(self.blocks.file.size().saturating_sub(self.at)))?;
            match uncompressed_size(&head) {
                Some(size) if size > MAX_PAGE_BYTES => return Err(io::Error::other(too_large(size))),
                Some(_) => {}
                None => return Err(io::Error::other(ParquetError::General(NO_HEADER.to_owned()))),
            }
        }
        self.begun = true;
        bytes.truncate(out.len());
        let n = bytes.as_ref().read(out)?;
        if n == 0 && !out.is_empty() {
            // The library would read missing bytes as the empty elements of a list, whose declared length may be any
            // number.
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.at += n as u64;
        Ok(n)
    }
}

/// Returns the uncompressed size of a page, which is the second field of its header. The header is a Thrift structure
/// whose first two fields are numbers. The library allocates this much memory before it reads the page.
fn uncompressed_size(header: &[u8]) -> Option<u64> {
    const NEXT_I32: u8 = 0x15;
    let rest = header.strip_prefix(&[NEXT_I32])?;
    let kind = rest.iter().position(|byte| *byte < 0x80)?;
    let mut size = 0_u64;
    for (n, byte) in rest.get(kind + 1..)?.strip_prefix(&[NEXT_I32])?.iter().enumerate().take(5) {
        size |= u64::from(byte & 0x7f) << (7 * n);
        if *byte < 0x80 {
            // Zigzag.
            return Some(size >> 1);
        }
    }
    None
}
