//! Turns panics of the Parquet library into errors: its assertions fail on some damaged files.

use std::{
    cell::Cell,
    panic::{self, AssertUnwindSafe, catch_unwind},
    sync::Once,
};

use parquet::errors::ParquetError;

thread_local! {
    /// Whether this thread is in a guarded call of the library.
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Wraps the panic hook, once: otherwise it would print or log guarded panics, which are reported as errors.
static QUIET: Once = Once::new();

/// Calls the library. A panic becomes the error of a damaged file.
pub(super) fn guarded<T>(read: impl FnOnce() -> Result<T, ParquetError>) -> Result<T, ParquetError> {
    QUIET.call_once(|| {
        let hook = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            if !GUARDED.get() {
                hook(panic);
            }
        }));
    });
    GUARDED.set(true);
    let read = catch_unwind(AssertUnwindSafe(read));
    GUARDED.set(false);
    read.unwrap_or_else(|_| Err(ParquetError::General("its metadata contradicts itself".to_owned())))
}
