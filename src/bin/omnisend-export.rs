//! The command line: see `omnisend-export --help`.

use std::process::ExitCode;

fn main() -> ExitCode {
    omnisend_export::cli::main()
}
