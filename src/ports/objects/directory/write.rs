//! Writing a file whole: a reader sees all of it or none, whatever happens on the way.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use rustix::io::Errno;
use uuid::Uuid;

use super::{
    super::{ObjectError, Put},
    Action, TEMP,
    error::object_error,
};
use crate::keys::Location;

/// Age at which a temporary file has no writer any more: far above what the longest stream takes between two
/// of its writes.
const STALE: Duration = Duration::from_hours(24);

/// An object on its way: a file of its own that no listing shows. Gone when this is dropped.
#[derive(Debug)]
pub(super) struct Temp {
    file: File,
    path: PathBuf,
}

impl Temp {
    /// A new one below the root, which is made if need be.
    pub(super) fn create(root: &Path) -> io::Result<Self> {
        let folder = root.join(TEMP);
        fs::create_dir_all(&folder).map_err(|error| match error.kind() {
            // Else it would pass for the object's own name being taken, which says that its work is done.
            io::ErrorKind::AlreadyExists => {
                io::Error::other(format!("{} is not a directory; remove it", folder.display()))
            }
            _ => error,
        })?;
        let path = folder.join(Uuid::new_v4().to_string());
        Ok(Self { file: File::create_new(&path)?, path })
    }

    /// Adds bytes to its end.
    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)
    }

    /// Gives it its name, at once and to outlive a crash. Fails with `AlreadyExists` where it is to be absent and
    /// is not, and with `IsADirectory` where a folder has the name.
    pub(super) fn publish(self, to: &Path, mode: Put) -> io::Result<()> {
        // First its bytes, then its name: the other way round a crash leaves the name of an empty file.
        self.file.sync_all()?;
        let folder = to.parent().unwrap_or(to);
        make_folders(folder)?;
        match mode {
            // A link fails where the name is taken, whoever else links at the same moment; a rename would replace.
            Put::IfAbsent => fs::hard_link(&self.path, to).map_err(|error| refine(error, to))?,
            Put::Replace => fs::rename(&self.path, to)?,
        }
        drop(self);
        sync_folder(folder)
    }
}

impl Drop for Temp {
    fn drop(&mut self) {
        // After a rename it is not there, and one that cannot be removed now is swept later.
        let _ = fs::remove_file(&self.path);
    }
}

/// What a failed link means for an object.
fn refine(error: io::Error, to: &Path) -> io::Error {
    if error.kind() == io::ErrorKind::AlreadyExists && to.is_dir() {
        return io::ErrorKind::IsADirectory.into();
    }
    // Linux says it as if it were a permission.
    let refused = error.raw_os_error() == Some(Errno::PERM.raw_os_error());
    if refused || error.kind() == io::ErrorKind::Unsupported {
        return io::Error::new(
            io::ErrorKind::Unsupported,
            "the file system has no hard links, without which two writers could both win; keep the state on \
             another one",
        );
    }
    error
}

/// Makes a folder and those above it, each to outlive a crash.
fn make_folders(folder: &Path) -> io::Result<()> {
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
            make_folders(above)?;
            // Another writer may have made it meanwhile.
            match fs::create_dir(folder) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
                _ => sync_folder(above),
            }
        }
        Err(error) => Err(error),
    }
}

/// A name outlives a crash once its folder is on the disk.
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Removes an object; one that is not there is fine, and a folder is no object.
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

/// Removes temporary files that a crash left behind. What cannot be removed does no harm, so nothing here fails.
pub(super) fn sweep(root: &Path) {
    let Ok(found) = fs::read_dir(root.join(TEMP)) else { return };
    let found: Vec<_> = found.flatten().collect();
    if found.is_empty() {
        return;
    }
    // A file written now has the time of the disk's own clock, by which the others are judged.
    let Ok(now) = Temp::create(root).and_then(|probe| probe.file.metadata()?.modified()) else { return };
    for entry in found {
        let written = entry.metadata().and_then(|found| found.modified());
        let age = written.ok().and_then(|written| now.duration_since(written).ok());
        if age.is_some_and(|age| age > STALE) {
            let _ = fs::remove_file(entry.path());
        }
    }
}
