//! An unpacked chunk: its contacts by place.

use serde::Deserialize;

use super::{Defect, RecordError};
use crate::{
    keys::Key,
    run::{StoredContact, lines},
};

/// The contacts of an unpacked chunk.
pub(super) struct ChunkContacts<'a> {
    key: &'a Key,
    lines: Vec<&'a [u8]>,
}

impl<'a> ChunkContacts<'a> {
    /// `key` is the chunk's key, for errors.
    pub(super) fn new(key: &'a Key, unpacked: &'a [u8]) -> Self {
        Self { key, lines: lines(unpacked).collect() }
    }

    /// Returns the contact at a place, counted from 0.
    pub(super) fn at(&self, place: u32) -> Result<StoredContact<'a>, RecordError> {
        let line = self.lines.get(place as usize);
        parse_line(self.key, line.ok_or_else(|| RecordError::damaged(self.key, Defect::NoContact { place }))?)
    }

    /// Returns all contacts, by place.
    pub(super) fn all(&self) -> Result<Vec<StoredContact<'a>>, RecordError> {
        self.lines.iter().map(|line| parse_line(self.key, line)).collect()
    }
}

/// Parses a line of an unpacked object. `key` is the object's key, for errors.
pub(super) fn parse_line<'a, T: Deserialize<'a>>(key: &Key, line: &'a [u8]) -> Result<T, RecordError> {
    serde_json::from_slice(line).map_err(|error| RecordError::damaged(key, &error))
}
