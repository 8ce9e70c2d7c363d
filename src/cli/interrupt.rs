//! Ctrl-C: pressed once, the command stops at a safe place; pressed twice, it stops at once.

use tokio_util::sync::CancellationToken;

use super::{exit, output};

/// Returns a token that Ctrl-C cancels. Requests in flight still finish, and what was sent is recorded.
pub(super) fn watch() -> CancellationToken {
    let stop = CancellationToken::new();
    let token = stop.clone();
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_err() {
            return;
        }
        output::note("stopping at a safe place; press Ctrl-C again to stop at once");
        token.cancel();
        if tokio::signal::ctrl_c().await.is_ok() {
            stop_at_once();
        }
    });
    stop
}

#[expect(clippy::disallowed_methods, reason = "the person asked twice; a killed run can be resumed")]
fn stop_at_once() {
    std::process::exit(exit::FAILED.into());
}
