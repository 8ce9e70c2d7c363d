//! The command line's entry point: see `omnisend-export --help`.

use std::process::ExitCode;

fn main() -> ExitCode {
    omnisend_export::cli::main()
}
