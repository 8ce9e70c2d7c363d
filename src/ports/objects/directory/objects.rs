//! The adapter for a directory.

use std::{
    fs, io,
    ops::Range,
    path::{Path, PathBuf},
    sync::Arc,
};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream::StreamExt;
use tokio::{sync::mpsc, task::spawn_blocking};

use super::{
    error::object_error,
    list,
    path::{below, key},
    read,
    write::{self, Temp},
};
use crate::{
    keys::{Location, Pinned, Prefix},
    ports::objects::{
        error::{Action, ObjectError},
        port::{ByteStream, Listed, Objects, Put},
    },
};

/// How many pieces of a stream are buffered between the disk's thread and the task, so that they need not take turns.
const AHEAD: usize = 4;

/// Objects as files below one directory. Several processes may use it at once.
///
/// A key is used as a path without changes. A key that is not a path is rejected ([`ObjectError::InvalidKey`]), and so
/// is one that needs a folder with the name of an existing file, or a file with the name of an existing folder.
#[derive(Debug, Clone)]
pub struct Directory {
    root: Arc<Path>,
}

impl Directory {
    /// Opens the objects below `root`. If `root` does not exist, the first put creates it: reading a state writes
    /// nothing.
    ///
    /// Removes incomplete files that a crash left more than a day ago.
    ///
    /// # Errors
    ///
    /// If `root` exists and is not a directory, or cannot be read.
    pub fn open(root: impl AsRef<Path>) -> io::Result<Self> {
        // Absolute, so that it does not depend on the process's current directory.
        let root = std::path::absolute(root)?;
        match fs::metadata(&root) {
            Ok(found) if found.is_dir() => write::sweep(&root),
            Ok(_) => {
                let message = format!("{} is not a directory", root.display());
                return Err(io::Error::new(io::ErrorKind::NotADirectory, message));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        Ok(Self { root: root.into() })
    }

    /// Returns the directory's absolute path.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Returns the path of an object's file, which need not exist.
    fn path(&self, at: &Location) -> Result<PathBuf, ObjectError> {
        let below = below(key(at)?).map_err(|reason| ObjectError::InvalidKey { at: at.clone(), reason })?;
        Ok(self.root.join(below))
    }
}

/// Runs file operations on a thread that may block.
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
            // If the reader was stopped, the stream must not look complete.
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

    async fn put_stream(&self, at: &Location, mut body: ByteStream) -> Result<(), ObjectError> {
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
            // After an error of the stream, or if this call is dropped, the temporary file is removed. The writer closes
            // the channel only after an error of its own, which is returned below.
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
