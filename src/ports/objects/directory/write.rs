//! Writes files atomically: a reader sees all of a file or nothing, even after a crash.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use rustix::io::Errno;
use uuid::Uuid;

use super::{error::object_error, path::TEMP};
use crate::{
    keys::Location,
    ports::objects::{
        error::{Action, ObjectError},
        port::Put,
    },
};

/// The age at which a temporary file has no writer any more: much longer than the pause between two writes of the
/// slowest stream.
const STALE: Duration = Duration::from_hours(24);

/// A temporary file for an object that is being written. It is not listed, and it is removed on drop.
#[derive(Debug)]
pub(super) struct Temp {
    file: File,
    path: PathBuf,
}

impl Temp {
    /// Creates a temporary file, and the root if it does not exist.
    pub(super) fn create(root: &Path) -> io::Result<Self> {
        let folder = root.join(TEMP);
        fs::create_dir_all(&folder).map_err(|error| match error.kind() {
            // `AlreadyExists` would tell the caller that the object exists.
            io::ErrorKind::AlreadyExists => {
                io::Error::other(format!("{} is not a directory; remove it", folder.display()))
            }
            _ => error,
        })?;
        let path = folder.join(Uuid::new_v4().to_string());
        Ok(Self { file: File::create_new(&path)?, path })
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)
    }

    /// Moves the file to its path, atomically and durably. Fails with `AlreadyExists` if the mode is
    /// [`Put::IfAbsent`] and the path exists, and with `IsADirectory` if a folder has the path.
    pub(super) fn publish(self, to: &Path, mode: Put) -> io::Result<()> {
        // The bytes must be durable before the name, or a crash could leave an empty file under the name.
        self.file.sync_all()?;
        let folder = to.parent().unwrap_or(to);
        create_folders(folder)?;
        match mode {
            // A link fails if the path exists, even if several writers link at once; a rename would replace the file.
            Put::IfAbsent => fs::hard_link(&self.path, to).map_err(|error| refine(error, to))?,
            Put::Replace => fs::rename(&self.path, to)?,
        }
        drop(self);
        sync_folder(folder)
    }
}

impl Drop for Temp {
    fn drop(&mut self) {
        // After a rename the file does not exist; one that cannot be removed now is swept later.
        let _ = fs::remove_file(&self.path);
    }
}

/// Maps a failed link to an error that says what it means for the object.
fn refine(error: io::Error, to: &Path) -> io::Error {
    if error.kind() == io::ErrorKind::AlreadyExists && to.is_dir() {
        return io::ErrorKind::IsADirectory.into();
    }
    // Linux reports missing support as a missing permission.
    let refused = error.raw_os_error() == Some(Errno::PERM.raw_os_error());
    if refused || error.kind() == io::ErrorKind::Unsupported {
        return io::Error::new(
            io::ErrorKind::Unsupported,
            "the file system has no hard links, without which two writers could both succeed; keep the state on \
             another one",
        );
    }
    error
}

/// Creates a folder and those above it durably.
fn create_folders(folder: &Path) -> io::Result<()> {
    match fs::create_dir(folder) {
        Ok(()) => folder.parent().map_or(Ok(()), sync_folder),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            if folder.is_dir() {
                Ok(())
            } else {
                Err(io::ErrorKind::NotADirectory.into())
            }
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let above = folder.parent().ok_or(error)?;
            create_folders(above)?;
            // Another writer may have created it meanwhile.
            match fs::create_dir(folder) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
                _ => sync_folder(above),
            }
        }
        Err(error) => Err(error),
    }
}

/// Makes the names in a folder durable.
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Removes an object. Succeeds if it does not exist; a folder is not an object.
pub(super) fn delete(path: &Path, at: &Location) -> Result<(), ObjectError> {
    let removed = match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => return Ok(()),
        Ok(_) => fs::remove_file(path),
        Err(error) => Err(error),
    };
    match removed.map_err(|error| object_error(at, Action::Delete, error)) {
        Err(ObjectError::NotFound { .. }) => Ok(()),
        done => done,
    }
}

/// Removes temporary files that a crash left behind. Failures are ignored: a remaining file does no harm.
pub(super) fn sweep(root: &Path) {
    let Ok(found) = fs::read_dir(root.join(TEMP)) else { return };
    let found: Vec<_> = found.flatten().collect();
    if found.is_empty() {
        return;
    }
    // A new file shows the time of the disk's own clock, which the other files are compared with.
    let Ok(now) = Temp::create(root).and_then(|probe| probe.file.metadata()?.modified()) else { return };
    for entry in found {
        let written = entry.metadata().and_then(|found| found.modified());
        let age = written.ok().and_then(|written| now.duration_since(written).ok());
        if age.is_some_and(|age| age > STALE) {
            let _ = fs::remove_file(entry.path());
        }
    }
}
