//! The objects that the preparation writes: chunks of contacts, and parts with rows that did not become a contact. Each
//! goes to the sink when it is full.

use bytes::Bytes;
use serde_json::value::RawValue;

use super::error::PrepareError;
use crate::{
    contact::{EmailKey, PreparedContact},
    run::{ChunkInfo, LinesWriter, Origin, RejectedLine, TagSet},
};

/// The most bytes that a contact may take: a batch of one contact must stay below 1 MB.
const MAX_CONTACT_BYTES: usize = 900_000;

/// The most rows in one part.
const REFUSED_LINES: u32 = 40_000;

/// The most bytes in one part: the report stage unpacks a whole part in memory.
const REFUSED_BYTES: usize = 32 << 20;

/// The number of contacts that a dry run shows.
const FIRST_CONTACTS: usize = 3;

/// A finished object: its number among those of its kind, and its content.
#[derive(Debug)]
pub(in crate::stage::plan) enum Finished {
    /// Contacts.
    Chunk(u32, Bytes),
    /// Rows that did not become a contact.
    Refused(u32, Bytes),
    /// Members that lose tags.
    Removals(u32, Bytes),
}

/// Takes finished objects.
pub(in crate::stage::plan) trait Sink {
    /// Fails with [`PrepareError::Stopped`] if the objects are no longer needed.
    fn take(&mut self, finished: Finished) -> Result<(), PrepareError>;
}

/// The objects that are being written.
pub(super) struct Output<'a, S> {
    sink: &'a mut S,
    chunk_contacts: u32,
    contacts: LinesWriter,
    refused: LinesWriter,
    refused_bytes: usize,
    written: Written,
}

/// The objects that were written.
#[derive(Debug, Default)]
pub(in crate::stage::plan) struct Written {
    pub chunks: Vec<ChunkInfo>,
    pub refused_parts: u32,
    /// The first contacts, for a dry run to show.
    pub first_contacts: Vec<FirstContact>,
}

/// A contact as it is written, without its tags.
#[derive(Debug)]
pub(in crate::stage::plan) struct FirstContact {
    pub key: EmailKey,
    pub tags: TagSet,
    pub contact: Box<RawValue>,
}

/// The size in bytes of a contact that is too large for a request.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the contact takes {0} bytes, which is too large for a request to Omnisend")]
pub(super) struct TooLarge(usize);

impl<'a, S: Sink> Output<'a, S> {
    pub(super) fn new(sink: &'a mut S, chunk_contacts: u32) -> std::io::Result<Self> {
        Ok(Self {
            sink,
            chunk_contacts,
            contacts: LinesWriter::new()?,
            refused: LinesWriter::new()?,
            refused_bytes: 0,
            written: Written::default(),
        })
    }

    /// Adds a contact, unless it is too large.
    pub(super) fn contact(
        &mut self,
        origin: Origin,
        contact: &PreparedContact<'_>,
    ) -> Result<Result<(), TooLarge>, PrepareError> {
        let bytes = self.contacts.push_contact(&origin, contact, MAX_CONTACT_BYTES)?;
        if bytes > MAX_CONTACT_BYTES {
            return Ok(Err(TooLarge(bytes)));
        }
        let first = &mut self.written.first_contacts;
        if first.len() < FIRST_CONTACTS {
            first.push(FirstContact { key: contact.key(), tags: origin.tags, contact: contact.to_json() });
        }
        if self.contacts.lines() >= self.chunk_contacts {
            self.finish_chunk()?;
        }
        Ok(Ok(()))
    }

    /// Adds a row that did not become a contact.
    pub(super) fn refuse(&mut self, line: &RejectedLine) -> Result<(), PrepareError> {
        self.refused_bytes += self.refused.push(line, usize::MAX)?;
        let is_full = self.refused.lines() >= REFUSED_LINES || self.refused_bytes >= REFUSED_BYTES;
        if is_full { self.finish_refused() } else { Ok(()) }
    }

    /// Hands over the last, partly filled objects, and returns the sink for further objects.
    pub(super) fn finish(mut self) -> Result<(Written, &'a mut S), PrepareError> {
        self.finish_chunk()?;
        self.finish_refused()?;
        Ok((self.written, self.sink))
    }

    fn finish_chunk(&mut self) -> Result<(), PrepareError> {
        let contacts = self.contacts.lines();
        if contacts == 0 {
            return Ok(());
        }
        let n = u32::try_from(self.written.chunks.len()).unwrap_or(u32::MAX);
        self.written.chunks.push(ChunkInfo { contacts, revised: false });
        self.sink.take(Finished::Chunk(n, self.contacts.finish()?))
    }

    fn finish_refused(&mut self) -> Result<(), PrepareError> {
        if self.refused.lines() == 0 {
            return Ok(());
        }
        let n = self.written.refused_parts;
        self.written.refused_parts += 1;
        self.refused_bytes = 0;
        self.sink.take(Finished::Refused(n, self.refused.finish()?))
    }
}
