//! Output: results go to standard output, everything else to standard error.

#![expect(clippy::print_stderr, reason = "this is where the command line prints")]

use std::io::{ErrorKind, IsTerminal as _, Write as _, stdout};

use serde::Serialize;
use tracing_subscriber::EnvFilter;

/// The width of results that do not go to a terminal, in columns.
const NO_TERMINAL: usize = 100;

/// Prints a result, for a person or for the next program.
pub(super) fn result(text: &str) {
    match writeln!(stdout(), "{}", text.trim_end()) {
        // A closed pipe is no error: the reader, such as `head`, has seen enough.
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            self::error(&format!("cannot write to standard output: {error}"));
        }
        _ => {}
    }
}

/// Prints a result as JSON.
pub(super) fn json(value: &impl Serialize) -> serde_json::Result<()> {
    result(&serde_json::to_string_pretty(value)?);
    Ok(())
}

/// Prints a note about progress.
pub(super) fn note(text: &str) {
    eprintln!("{text}");
}

pub(super) fn error(text: &str) {
    eprintln!("error: {text}");
}

/// Whether standard error is a terminal.
pub(super) fn is_terminal() -> bool {
    std::io::stderr().is_terminal()
}

/// Returns the width of the terminal that results go to, in columns.
pub(super) fn width() -> usize {
    let width = terminal_size::terminal_size_of(std::io::stdout()).map(|(width, _)| width.0.into());
    width.unwrap_or(NO_TERMINAL)
}

/// Logs to standard error: errors, or more if `verbose` is above 0.
pub(super) fn log(verbose: u8) {
    let level = match verbose {
        0 => "omnisend_export=error,omnisend=error",
        1 => "omnisend_export=info,omnisend=info",
        _ => "omnisend_export=debug,omnisend=debug",
    };
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(level))
        .with_writer(std::io::stderr)
        .with_ansi(is_terminal())
        .with_target(false)
        .init();
}
