//! Where finished objects go.

use bytes::Bytes;

use super::error::PrepareError;

/// A finished object: its number among those of its kind, and its content.
#[derive(Debug)]
pub(in crate::stage::plan) enum Finished {
    /// Contacts.
    Chunk(u32, Bytes),
    /// Rows that became no contact.
    Refused(u32, Bytes),
    /// Members that lose tags.
    Removals(u32, Bytes),
}

/// Takes finished objects.
pub(in crate::stage::plan) trait Sink {
    /// Fails with [`PrepareError::Stopped`] if the objects are not wanted any more.
    fn take(&mut self, finished: Finished) -> Result<(), PrepareError>;
}
