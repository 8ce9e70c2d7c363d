//! What goes to the terminal: results to standard output, all else to standard error.

#![expect(clippy::print_stderr, reason = "this is where the command line prints")]

use std::io::{ErrorKind, IsTerminal as _, Write as _, stdout};

use tracing_subscriber::EnvFilter;

/// What is taken for the width where results go to a file.
const NO_TERMINAL: usize = 100;

/// A result, for the next program or the person.
pub(super) fn result(text: &str) {
    match writeln!(stdout(), "{}", text.trim_end()) {
        // Whoever reads has seen enough, as `head` has.
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            self::error(&format!("standard output cannot be written: {error}"));
        }
        _ => {}
    }
}

/// What happens meanwhile.
pub(super) fn note(text: &str) {
    eprintln!("{text}");
}

/// Why it did not work.
pub(super) fn error(text: &str) {
    eprintln!("error: {text}");
}

/// Whether a person watches.
pub(super) fn is_terminal() -> bool {
    std::io::stderr().is_terminal()
}

/// How wide the terminal is that results go to, in columns.
pub(super) fn width() -> usize {
    let width = terminal_size::terminal_size_of(std::io::stdout()).map(|(width, _)| width.0.into());
    width.unwrap_or(NO_TERMINAL)
}

/// Logs to standard error: what a person must know, or with `verbose` all.
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
