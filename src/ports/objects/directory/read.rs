//! Reads a file as one exact version of an object.

use std::{
    fs::{self, File, Metadata},
    io::{self, Read},
    ops::Range,
    os::unix::fs::{FileExt, MetadataExt},
    path::{Path, PathBuf},
};

use bytes::Bytes;
use jiff::Timestamp;
use tokio::sync::mpsc;

use super::error::object_error;
use crate::{
    keys::{Location, Pinned},
    ports::objects::error::{Action, ObjectError},
};

/// The size of one piece of a stream, in bytes. Passing on a piece costs little compared to reading it.
const PIECE: u64 = 512 * 1024;

/// Identifies a file's version. A replaced file has another inode; one that was written in place has another size or
/// time.
fn version(found: &Metadata) -> String {
    format!("{:x}-{:x}-{}.{:09}", found.ino(), found.size(), found.mtime(), found.mtime_nsec())
}

/// Returns the time at which a file was written.
pub(super) fn modified(found: &Metadata) -> io::Result<Timestamp> {
    Timestamp::try_from(found.modified()?).map_err(io::Error::other)
}

/// Returns the metadata of a regular file. Anything else is not an object. A pipe is not opened, because opening it
/// would wait for its other end.
fn regular(path: &Path) -> io::Result<Metadata> {
    let found = fs::metadata(path)?;
    if found.is_file() { Ok(found) } else { Err(io::ErrorKind::NotFound.into()) }
}

fn pin(path: &Path, at: &Location) -> io::Result<Pinned> {
    let found = regular(path)?;
    let modified = modified(&found)?;
    Ok(Pinned { location: at.clone(), version: version(&found), size: found.size(), modified })
}

/// Returns the newest version, pinned.
pub(super) fn head(path: &Path, at: &Location) -> Result<Pinned, ObjectError> {
    pin(path, at).map_err(|error| object_error(at, Action::Read, error))
}

/// Returns all bytes of the newest version.
pub(super) fn get(path: &Path, at: &Location) -> Result<Bytes, ObjectError> {
    let body = regular(path).and_then(|_| fs::read(path));
    body.map(Bytes::from).map_err(|error| object_error(at, Action::Read, error))
}

/// An open file of one version.
#[derive(Debug)]
pub(super) struct PinnedFile {
    file: File,
    path: PathBuf,
    pinned: Pinned,
}

impl PinnedFile {
    /// Opens a file if it still is the pinned version.
    pub(super) fn open(path: PathBuf, pinned: Pinned) -> Result<Self, ObjectError> {
        let opened = regular(&path).and_then(|_| {
            let file = File::open(&path)?;
            let found = file.metadata()?;
            Ok((file, version(&found)))
        });
        match opened {
            Ok((file, found)) if found == pinned.version => Ok(Self { file, path, pinned }),
            Ok(_) => Err(ObjectError::Changed { at: pinned.location }),
            Err(error) => match object_error(&pinned.location, Action::Read, error) {
                // It existed when it was pinned.
                ObjectError::NotFound { at } => Err(ObjectError::Changed { at }),
                error => Err(error),
            },
        }
    }

    /// Sends the whole file in pieces, and then an error if its version changed meanwhile. Stops if the receiver is
    /// dropped.
    pub(super) fn read_into(self, pieces: &mpsc::Sender<Result<Bytes, ObjectError>>) {
        if let Err(error) = self.read_all(pieces) {
            // If the receiver is dropped, the error does not matter.
            let _ = pieces.blocking_send(Err(error));
        }
    }

    /// Returns a range of the file.
    pub(super) fn range(&self, range: &Range<u64>) -> Result<Bytes, ObjectError> {
        let mut bytes = vec![0; usize::try_from(range.end.saturating_sub(range.start)).unwrap_or(0)];
        match self.file.read_exact_at(&mut bytes, range.start) {
            Ok(()) if self.is_unchanged() => Ok(bytes.into()),
            // A shorter file is another version.
            Err(error) if error.kind() != io::ErrorKind::UnexpectedEof => {
                Err(object_error(&self.pinned.location, Action::Read, error))
            }
            _ => Err(ObjectError::Changed { at: self.pinned.location.clone() }),
        }
    }

    /// Returns whether the path still leads to this version. No other file can get its inode while this one is open.
    fn is_unchanged(&self) -> bool {
        fs::metadata(&self.path).is_ok_and(|found| version(&found) == self.pinned.version)
    }

    fn read_all(&self, pieces: &mpsc::Sender<Result<Bytes, ObjectError>>) -> Result<(), ObjectError> {
        let at = &self.pinned.location;
        let changed = || ObjectError::Changed { at: at.clone() };
        let mut left = self.pinned.size;
        while left > 0 {
            let piece = self.piece(left.min(PIECE)).map_err(|error| object_error(at, Action::Read, error))?;
            if piece.is_empty() {
                return Err(changed());
            }
            left = left.saturating_sub(piece.len() as u64);
            if pieces.blocking_send(Ok(piece)).is_err() {
                return Ok(());
            }
        }
        if self.is_unchanged() { Ok(()) } else { Err(changed()) }
    }

    fn piece(&self, size: u64) -> io::Result<Bytes> {
        let mut piece = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
        (&self.file).take(size).read_to_end(&mut piece)?;
        Ok(piece.into())
    }
}
