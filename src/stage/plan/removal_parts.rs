//! Divides the members that lose tags into objects.

use std::io;

use bytes::Bytes;

use crate::run::{LinesWriter, RemovalLine};

/// Members in one object: as many as the 60 requests that Omnisend allows per minute, with 250 members each.
const PART_MEMBERS: u32 = 15_000;

/// Collects members, and returns each object when it is full.
pub(super) struct RemovalParts {
    writer: LinesWriter,
    sizes: Vec<u32>,
}

/// A finished object.
pub(super) struct RemovalPart {
    pub n: u32,
    pub body: Bytes,
}

impl RemovalParts {
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self { writer: LinesWriter::new()?, sizes: Vec::new() })
    }

    /// Adds a member. Returns the object if it is full.
    pub(super) fn push(&mut self, line: &RemovalLine<'_>) -> io::Result<Option<RemovalPart>> {
        self.writer.push(line, usize::MAX)?;
        if self.writer.lines() >= PART_MEMBERS { self.take() } else { Ok(None) }
    }

    /// Returns the object of the members that are left, if there are any.
    pub(super) fn take(&mut self) -> io::Result<Option<RemovalPart>> {
        if self.writer.lines() == 0 {
            return Ok(None);
        }
        let n = u32::try_from(self.sizes.len()).unwrap_or(u32::MAX);
        self.sizes.push(self.writer.lines());
        Ok(Some(RemovalPart { n, body: self.writer.finish()? }))
    }

    /// Returns the number of members in each object.
    pub(super) fn into_sizes(self) -> Vec<u32> {
        self.sizes
    }
}
