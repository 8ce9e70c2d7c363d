//! Ctrl-C: once to stop at a safe place, twice to stop at once.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::{exit, output};

/// A token that Ctrl-C cancels. What is in flight is then finished and written down.
pub(super) fn watch() -> CancellationToken {
    let stop = CancellationToken::new();
    let (token, again) =
        (stop.clone(), Arc::new("stopping at a safe place; press Ctrl-C again to stop at once"));
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_err() {
            return;
        }
        output::note(&again);
        token.cancel();
        if tokio::signal::ctrl_c().await.is_ok() {
            stop_at_once();
        }
    });
    stop
}

#[expect(clippy::disallowed_methods, reason = "the person asked twice; a run survives being killed")]
fn stop_at_once() {
    std::process::exit(exit::FAILED.into());
}
