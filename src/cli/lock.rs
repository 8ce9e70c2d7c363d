//! The lock of a connection: one process at a time sends requests to a brand, so that the request budget holds.

use std::{
    fs::{File, TryLockError},
    io,
    path::Path,
};

use super::exit::Failure;
use crate::keys::ConnectionName;

/// Held until it is dropped or the process ends.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes a connection's lock, or fails if another process holds it.
    pub(super) fn take(state: &Path, connection: &ConnectionName) -> Result<Self, Failure> {
        Self::take_if_free(state, connection)?.ok_or_else(|| {
            Failure::failed(format!(
                "connection `{connection}` is in use by another run in this state directory; wait until that run \
                 ends: two runs at once would exceed the brand's request limit"
            ))
        })
    }

    /// Takes a connection's lock, or returns `None` if another process holds it.
    pub(super) fn take_if_free(state: &Path, connection: &ConnectionName) -> Result<Option<Self>, Failure> {
        let path = state.join("locks").join(connection.as_str());
        let file = open(&path).map_err(|error| {
            Failure::failed(format!("{}: {error}; the state directory must be writable", path.display()))
        })?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(Failure::failed(format!("{}: {error}", path.display()))),
        }
    }
}

fn open(path: &Path) -> io::Result<File> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    File::options().create(true).truncate(false).write(true).open(path)
}
