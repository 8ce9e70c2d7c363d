//! Objects as files of a directory: the same tree as in S3, with each key a path.
//!
//! Two names at the top are no objects: `.tmp` holds what is being written, and `secrets` the API keys of a
//! local state, which no listing may show and no export may read as a segment.

mod error;
mod list;
mod read;
mod write;

use std::{
    fs, io,
    ops::Range,
    path::{Path, PathBuf},
    sync::Arc,
};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream::{BoxStream, StreamExt};
use tokio::{sync::mpsc, task::spawn_blocking};

use self::{error::object_error, write::Temp};
use super::{Action, ByteStream, Listed, ObjectError, Objects, Put};
use crate::keys::Pinned;
use crate::{
    keys::{Bucket, Location, Prefix},
    ports::relative::relative,
};

/// Where objects lie until they are whole. On the file system of the root, so that a rename or link moves them.
const TEMP: &str = ".tmp";

/// The folders at the top that hold no objects, and why.
const RESERVED: [(&str, &str); 2] = [
    (TEMP, "`.tmp` is for objects that are being written"),
    ("secrets", "`secrets` is for API keys, which are no objects"),
];

/// Pieces of a stream that wait between the disk's thread and the task: enough that neither waits for the
/// other's every piece.
const AHEAD: usize = 4;

/// Objects as files below one directory. Several processes may use one directory at once.
///
/// A key is a path as it is, so a key that cannot be a path is refused ([`ObjectError::InvalidKey`]), and so is
/// one that needs a folder where there is a file, or the other way round.
#[derive(Debug, Clone)]
pub struct Directory {
    root: Arc<Path>,
}

impl Directory {
    /// The objects below `root`, which the first put makes if it is not there: looking at a state writes nothing.
    ///
    /// Clears away what a crash left half-written a day ago or earlier.
    ///
    /// # Errors
    ///
    /// If `root` is there and is not a directory, or cannot be looked at.
    pub fn open(root: impl AsRef<Path>) -> io::Result<Self> {
        // Absolute, so that it still means the same if the process changes its directory.
        let root = std::path::absolute(root)?;
        match fs::metadata(&root) {
            Ok(found) if found.is_dir() => write::sweep(&root),
            Ok(_) => {
                let what = format!("{} is not a directory", root.display());
                return Err(io::Error::new(io::ErrorKind::NotADirectory, what));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        Ok(Self { root: root.into() })
    }

    /// The directory, absolute.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The file that an object is, whether it is there or not.
    fn path(&self, at: &Location) -> Result<PathBuf, ObjectError> {
        let below = below(key(at)?).map_err(|reason| ObjectError::InvalidKey { at: at.clone(), reason })?;
        Ok(self.root.join(below))
    }
}

/// A key, or the folders of one, as a path below the root; or why it cannot be one.
fn below(key: &str) -> Result<&Path, &'static str> {
    let path = relative(key)?;
    match RESERVED.iter().find(|(name, _)| path.starts_with(name)) {
        Some((_, reason)) => Err(reason),
        None => Ok(path),
    }
}

/// The key of a location of the state; a directory has no other bucket.
fn key(at: &Location) -> Result<&str, ObjectError> {
    match &at.bucket {
        Bucket::State => Ok(&at.key),
        Bucket::Named(_) => Err(ObjectError::InvalidKey {
            at: at.clone(),
            reason: "the state is a directory, which has no other buckets; name a path in it, or keep the state in S3",
        }),
    }
}

/// Runs file work on a thread that may block.
async fn blocking<T: Send + 'static>(
    at: &Location,
    action: Action,
    work: impl FnOnce() -> Result<T, ObjectError> + Send + 'static,
) -> Result<T, ObjectError> {
    spawn_blocking(work).await.unwrap_or_else(|stopped| Err(object_error(at, action, stopped.into())))
}

#[async_trait]
impl Objects for Directory {
    async fn head(&self, at: &Location) -> Result<Pinned, ObjectError> {
        let (path, location) = (self.path(at)?, at.clone());
        blocking(at, Action::Read, move || read::head(&path, &location)).await
    }

    async fn get(&self, at: &Location) -> Result<Bytes, ObjectError> {
        let (path, location) = (self.path(at)?, at.clone());
        blocking(at, Action::Read, move || read::get(&path, &location)).await
    }

    async fn open(&self, object: &Pinned) -> Result<ByteStream, ObjectError> {
        let path = self.path(&object.location)?;
        let pinned = object.clone();
        let file =
            blocking(&object.location, Action::Read, move || read::PinnedFile::open(path, pinned)).await?;
        let (pieces, arriving) = mpsc::channel(AHEAD);
        let reader = spawn_blocking(move || file.read_into(&pieces));
        let location = object.location.clone();
        let stream = futures_util::stream::unfold(Some((arriving, reader, location)), |state| async {
            let (mut arriving, reader, location) = state?;
            if let Some(piece) = arriving.recv().await {
                return Some((piece, Some((arriving, reader, location))));
            }
            // A reader that was stopped must not look like the end of the object.
            let stopped = reader.await.err()?;
            Some((Err(object_error(&location, Action::Read, stopped.into())), None))
        });
        Ok(stream.fuse().boxed())
    }

    async fn range(&self, object: &Pinned, range: Range<u64>) -> Result<Bytes, ObjectError> {
        let (path, pinned) = (self.path(&object.location)?, object.clone());
        let work = move || read::PinnedFile::open(path, pinned)?.range(&range);
        blocking(&object.location, Action::Read, work).await
    }

    async fn put(&self, at: &Location, body: Bytes, mode: Put) -> Result<(), ObjectError> {
        let (path, root, location) = (self.path(at)?, self.root.clone(), at.clone());
        let work = move || -> io::Result<()> {
            let mut temp = Temp::create(&root)?;
            temp.write(&body)?;
            temp.publish(&path, mode)
        };
        blocking(at, Action::Write, move || work().map_err(|e| object_error(&location, Action::Write, e)))
            .await
    }

    async fn put_stream(
        &self,
        at: &Location,
        mut body: BoxStream<'static, Result<Bytes, ObjectError>>,
    ) -> Result<(), ObjectError> {
        let (path, root) = (self.path(at)?, self.root.clone());
        let (pieces, mut arriving) = mpsc::channel::<Bytes>(AHEAD);
        let writer = spawn_blocking(move || -> io::Result<Temp> {
            let mut temp = Temp::create(&root)?;
            while let Some(piece) = arriving.blocking_recv() {
                temp.write(&piece)?;
            }
            Ok(temp)
        });
        while let Some(piece) = body.next().await {
            // An error leaves here, and the temporary file goes with it; so it does if this call is dropped.
            // The writer ends its side only with an error, which is asked for below.
            if pieces.send(piece?).await.is_err() {
                break;
            }
        }
        drop(pieces);
        let failed = |error| object_error(at, Action::Write, error);
        let temp = writer.await.map_err(io::Error::from).flatten().map_err(failed)?;
        let published = spawn_blocking(move || temp.publish(&path, Put::Replace));
        published.await.map_err(io::Error::from).flatten().map_err(failed)
    }

    async fn list(&self, prefix: &Prefix) -> Result<Vec<Listed>, ObjectError> {
        let (root, location) = (self.root.clone(), prefix.location());
        key(&location)?;
        blocking(&location.clone(), Action::List, move || list::list(&root, &location)).await
    }

    async fn delete(&self, at: &Location) -> Result<(), ObjectError> {
        let (path, location) = (self.path(at)?, at.clone());
        blocking(at, Action::Delete, move || write::delete(&path, &location)).await
    }
}
