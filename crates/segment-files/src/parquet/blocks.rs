//! A Parquet file's bytes by way of few blocks in memory, however large its row groups and pages are.

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

/// What all blocks in memory take at most, in bytes.
const CACHE_BYTES: u64 = 24 << 20;

/// A block's size, where few columns are read.
const BLOCK_BYTES: u64 = 1 << 20;

/// The smallest block: requests of S3 for less are not worth their time.
const MIN_BLOCK_BYTES: u64 = 128 << 10;

/// The largest page or footer. Writers make pages of about 1 MiB.
pub(super) const MAX_PAGE_BYTES: u64 = 64 << 20;

/// A file in blocks.
#[derive(Debug, Clone)]
pub(super) struct Blocks {
    file: Arc<dyn File>,
    block_bytes: u64,
    /// Whether what is read from a place on is a page, and not the footer.
    has_pages: bool,
    /// The last blocks that were used, the newest at the end.
    cache: Arc<Mutex<VecDeque<(u64, Bytes)>>>,
}

impl Blocks {
    pub(super) fn new(file: Arc<dyn File>) -> Self {
        Self { file, block_bytes: BLOCK_BYTES, has_pages: false, cache: Arc::default() }
    }

    /// For the pages of so many columns: blocks of such a size that each keeps the ones that it reads from.
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

    /// What a block has from a place on: never empty, except at the end.
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

/// Of a header that no writer writes: its fields come in another order, or are written in another way.
const NO_HEADER: &str = "a page's header does not begin with its kind and its size";

fn too_large(bytes: u64) -> ParquetError {
    ParquetError::General(format!(
        "a part of {} MiB, where pages of at most {} are read",
        bytes >> 20,
        MAX_PAGE_BYTES >> 20
    ))
}

/// The bytes from the header of a page on.
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
            match unpacked_size(&head) {
                Some(size) if size > MAX_PAGE_BYTES => return Err(io::Error::other(too_large(size))),
                Some(_) => {}
                None => return Err(io::Error::other(ParquetError::General(NO_HEADER.to_owned()))),
            }
        }
        self.begun = true;
        bytes.truncate(out.len());
        let n = bytes.as_ref().read(out)?;
        if n == 0 && !out.is_empty() {
            // The library passes over what is not there as if it were, for each of a list of any length.
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.at += n as u64;
        Ok(n)
    }
}

/// How large a page is when it is unpacked, by its header: the second field of a Thrift structure, a number as the
/// first. The library would make room for it before it looks at the page.
fn unpacked_size(header: &[u8]) -> Option<u64> {
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
