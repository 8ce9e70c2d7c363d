//! The port of objects: what every store of them does.

use std::{fmt, ops::Range};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream::BoxStream;
use jiff::Timestamp;

use super::error::ObjectError;
use crate::keys::{Location, Pinned, Prefix};

/// The bytes of an object as they arrive.
pub type ByteStream = BoxStream<'static, Result<Bytes, ObjectError>>;

/// What a put does if an object with the key exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    /// Fails with [`ObjectError::AlreadyExists`]. If several writers put at once, exactly one succeeds.
    IfAbsent,
    /// Replaces the whole object.
    Replace,
}

/// An object in a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    pub location: Location,
    /// In bytes.
    pub size: u64,
    pub modified: Timestamp,
}

/// A store of objects: a directory, or S3.
#[async_trait]
pub trait Objects: fmt::Debug + Send + Sync {
    /// Returns the newest version, pinned.
    async fn head(&self, at: &Location) -> Result<Pinned, ObjectError>;

    /// Returns all bytes of the newest version. For the small objects of the state.
    async fn get(&self, at: &Location) -> Result<Bytes, ObjectError>;

    /// Streams one exact version. If the connection breaks, the stream resumes at the next byte. It ends with
    /// [`ObjectError::Changed`] if the version was deleted, or was replaced in a store that keeps no versions.
    async fn open(&self, object: &Pinned) -> Result<ByteStream, ObjectError>;

    /// Returns a range of one exact version. Fails with [`ObjectError::Changed`] like [`Objects::open`]. The range must be
    /// within the object and not empty.
    async fn range(&self, object: &Pinned, range: Range<u64>) -> Result<Bytes, ObjectError>;

    /// Writes an object atomically: a reader sees all of it or nothing, even after a crash.
    async fn put(&self, at: &Location, body: Bytes, mode: Put) -> Result<(), ObjectError>;

    /// Writes an object atomically from a stream, and replaces an existing one. For objects that do not fit in memory.
    async fn put_stream(&self, at: &Location, body: ByteStream) -> Result<(), ObjectError>;

    /// Returns every object with a prefix, sorted by key.
    async fn list(&self, prefix: &Prefix) -> Result<Vec<Listed>, ObjectError>;

    /// Removes an object. Succeeds if it does not exist.
    async fn delete(&self, at: &Location) -> Result<(), ObjectError>;

    /// Returns the name of the state's bucket, if the state is in a bucket.
    fn state_bucket(&self) -> Option<&str> {
        None
    }
}
