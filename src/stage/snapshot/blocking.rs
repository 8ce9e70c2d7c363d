//! Runs work that reads or writes an object on a blocking thread.

use crate::{
    keys::Key,
    stage::{Defect, RecordError},
};

/// Runs work that would block the runtime. `key` is the object's key, for errors.
pub(super) async fn blocking<T: Send + 'static>(
    key: Key,
    work: impl FnOnce() -> Result<T, Defect> + Send + 'static,
) -> Result<T, RecordError> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or(Err(Defect::Panicked))
        .map_err(|defect| RecordError::damaged(&key, defect))
}
