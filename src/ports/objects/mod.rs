//! Objects: the state and the segment files.

mod action;
mod directory;
mod probe;
#[cfg(feature = "aws")]
mod s3;

use std::{fmt, ops::Range};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream::BoxStream;
use jiff::Timestamp;

use self::action::Action;
#[cfg(feature = "aws")]
pub use self::s3::S3Objects;
pub use self::{directory::Directory, probe::honours_conditions};
pub use crate::keys::Pinned;
use crate::keys::{Location, Prefix};

/// The bytes of an object as they arrive.
pub type ByteStream = BoxStream<'static, Result<Bytes, ObjectError>>;

/// What a put does where the key is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    /// Fails with [`ObjectError::AlreadyExists`]; exactly one of several writers at once wins.
    IfAbsent,
    /// Replaces the object whole.
    Replace,
}

/// An object as a listing shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Where it lies.
    pub location: Location,
    /// Its size in bytes.
    pub size: u64,
    /// When it was written.
    pub modified: Timestamp,
}

/// Where objects are kept: a directory, or S3.
#[async_trait]
pub trait Objects: fmt::Debug + Send + Sync {
    /// The newest version's metadata, which pins it.
    async fn head(&self, at: &Location) -> Result<Pinned, ObjectError>;

    /// The newest version, whole. For the small objects of the state.
    async fn get(&self, at: &Location) -> Result<Bytes, ObjectError>;

    /// Streams one exact version. A body that breaks off is taken up again at the byte inside the stream; if
    /// the version is no longer there, or no longer the newest where versions are not kept, the stream ends
    /// with [`ObjectError::Changed`].
    async fn open(&self, object: &Pinned) -> Result<ByteStream, ObjectError>;

    /// Some bytes of one exact version: all that were asked for. Fails with [`ObjectError::Changed`] where
    /// [`Objects::open`] would. The range lies inside the object and is not empty.
    async fn range(&self, object: &Pinned, range: Range<u64>) -> Result<Bytes, ObjectError>;

    /// Writes an object whole: a reader sees all of it or none, after a crash too.
    async fn put(&self, at: &Location, body: Bytes, mode: Put) -> Result<(), ObjectError>;

    /// Writes an object whole from a stream, replacing what is there. For what does not fit in memory.
    async fn put_stream(
        &self,
        at: &Location,
        body: BoxStream<'static, Result<Bytes, ObjectError>>,
    ) -> Result<(), ObjectError>;

    /// Every object below a prefix, by key. A prefix that matches nothing is an empty list.
    async fn list(&self, prefix: &Prefix) -> Result<Vec<Listed>, ObjectError>;

    /// Removes an object; one that is not there is fine.
    async fn delete(&self, at: &Location) -> Result<(), ObjectError>;

    /// The name of the bucket that holds the state, where it is a bucket.
    fn state_bucket(&self) -> Option<&str> {
        None
    }
}

/// Why an object could not be read or written. Each says which one.
#[derive(Debug, thiserror::Error)]
pub enum ObjectError {
    /// There is no such object.
    #[error("{at}: not found")]
    NotFound {
        /// The object.
        at: Location,
    },
    /// A put-if-absent found the key taken by somebody else's object.
    #[error("{at}: already exists")]
    AlreadyExists {
        /// The object.
        at: Location,
    },
    /// The pinned version is gone or is being replaced.
    #[error("{at}: changed while it was read; run the export again to take the new version")]
    Changed {
        /// The object.
        at: Location,
    },
    /// The key cannot name an object of this store.
    #[error("{at}: not a key of this store: {reason}")]
    InvalidKey {
        /// The object.
        at: Location,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The store refused access.
    #[error("{at}: access denied; the role or user needs permission to {action} it: {source}")]
    Denied {
        /// The object.
        at: Location,
        /// `read`, `write`, `list` or `delete`.
        action: &'static str,
        /// What the store said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Anything else: the disk, the network, the store.
    #[error("{at}: could not {action} it: {source}")]
    Store {
        /// The object.
        at: Location,
        /// `read`, `write`, `list` or `delete`.
        action: &'static str,
        /// What went wrong.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}
