//! Reading a file as one exact version of an object.

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

use super::{super::ObjectError, Action, error::object_error};
use crate::keys::Location;
use crate::keys::Pinned;

/// Bytes of one piece of a stream: large enough that handing it over costs nothing beside reading it.
const PIECE: u64 = 512 * 1024;

/// What tells a file from any other and from itself rewritten. A replaced object is another inode; one that
/// is written in place has another size or time.
fn version(found: &Metadata) -> String {
    format!("{:x}-{:x}-{}.{:09}", found.ino(), found.size(), found.mtime(), found.mtime_nsec())
}

/// When a file was written.
pub(super) fn modified(found: &Metadata) -> io::Result<Timestamp> {
    Timestamp::try_from(found.modified()?).map_err(io::Error::other)
}

/// The metadata of a file. What is not a regular file is not an object; a pipe is not even opened, which
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

/// The newest version's metadata.
pub(super) fn head(path: &Path, at: &Location) -> Result<Pinned, ObjectError> {
    pin(path, at).map_err(|error| object_error(at, Action::Read, error))
}

/// The newest version, whole.
pub(super) fn get(path: &Path, at: &Location) -> Result<Bytes, ObjectError> {
    let body = regular(path).and_then(|_| fs::read(path));
    body.map(Bytes::from).map_err(|error| object_error(at, Action::Read, error))
}

/// The file of one version, checked to be that when it was opened.
#[derive(Debug)]
pub(super) struct PinnedFile {
    file: File,
    path: PathBuf,
    pinned: Pinned,
}

impl PinnedFile {
    /// Opens it, if it is still that version.
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
                // It was there when it was pinned.
                ObjectError::NotFound { at } => Err(ObjectError::Changed { at }),
                error => Err(error),
            },
        }
    }

    /// Reads it to its end in pieces, and after them an error if it did not stay that version. Stops where
    /// nobody takes them any longer.
    pub(super) fn read_into(self, pieces: &mpsc::Sender<Result<Bytes, ObjectError>>) {
        if let Err(error) = self.read_all(pieces) {
            // If nobody takes this either, nobody wanted to know.
            let _ = pieces.blocking_send(Err(error));
        }
    }

    /// Some of its bytes.
    pub(super) fn range(&self, range: &Range<u64>) -> Result<Bytes, ObjectError> {
        let mut bytes = vec![0; usize::try_from(range.end.saturating_sub(range.start)).unwrap_or(0)];
        match self.file.read_exact_at(&mut bytes, range.start) {
            Ok(()) if self.stayed() => Ok(bytes.into()),
            // A file that became shorter is another version.
            Err(error) if error.kind() != io::ErrorKind::UnexpectedEof => {
                Err(object_error(&self.pinned.location, Action::Read, error))
            }
            _ => Err(ObjectError::Changed { at: self.pinned.location.clone() }),
        }
    }

    /// Whether the path still names the version. By its path: a version that was replaced is as stale as one that
    /// was written to. Its inode is not taken by another file as long as this one is open.
    fn stayed(&self) -> bool {
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
        if self.stayed() { Ok(()) } else { Err(changed()) }
    }

    fn piece(&self, size: u64) -> io::Result<Bytes> {
        let mut piece = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
        (&self.file).take(size).read_to_end(&mut piece)?;
        Ok(piece.into())
    }
}
