//! The library asserts what a damaged file may not hold. That is a refusal here, and nobody's bug.

use std::{
    cell::Cell,
    panic::{self, AssertUnwindSafe, catch_unwind},
    sync::Once,
};

use parquet::errors::ParquetError;

thread_local! {
    /// Whether this thread is in the library with a file that may be damaged.
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Wraps the hook that is set, once: whoever set it would print, or log as a bug, what is refused by name instead.
static QUIET: Once = Once::new();

/// Calls the library, and takes a panic of it for a damaged file.
pub(super) fn guarded<T>(read: impl FnOnce() -> Result<T, ParquetError>) -> Result<T, ParquetError> {
    QUIET.call_once(|| {
        let others = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            if !GUARDED.get() {
                others(panic);
            }
        }));
    });
    GUARDED.set(true);
    let read = catch_unwind(AssertUnwindSafe(read));
    GUARDED.set(false);
    read.unwrap_or_else(|_| Err(ParquetError::General("what it says of itself is impossible".to_owned())))
}
