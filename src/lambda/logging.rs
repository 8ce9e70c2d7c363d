//! Logs as JSON, one line an event. The rules are in `docs/LOGGING.md`.

use tracing_subscriber::EnvFilter;

/// Sets logging up. `level` is what the function's logging configuration says; information where it says nothing.
pub fn log(level: Option<&str>) {
    let level = level.unwrap_or("info").to_lowercase();
    // Only this crate's own lines: the SDK's and the HTTP client's hold bodies and headers at their finer levels.
    let filter = EnvFilter::try_new(format!("omnisend_export={level}"))
        .unwrap_or_else(|_| EnvFilter::new("omnisend_export=info"));
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_env_filter(filter)
        .with_target(false)
        .with_ansi(false)
        .init();
}
