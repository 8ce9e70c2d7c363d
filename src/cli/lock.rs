//! One process at a time posts to a brand from one state directory, so that its pace holds.

use std::{
    fs::{File, TryLockError},
    io,
    path::Path,
};

use super::exit::Failure;
use crate::keys::ConnectionName;

/// Held until it is dropped, or the process ends in whatever way.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes a connection's lock.
    pub(super) fn take(state: &Path, connection: &ConnectionName) -> Result<Self, Failure> {
        Self::take_if_free(state, connection)?.ok_or_else(|| {
            Failure::failed(format!(
                "connection `{connection}` is in use: another run posts to it from this state directory; wait until \
                 it ends, since two at once would break the brand's request limit"
            ))
        })
    }

    /// The same; `None` where another process has it.
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
