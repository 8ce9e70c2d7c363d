//! Checks of this repository's own structure: `cargo xtask layers`.

mod imports;
mod layers;
mod modules;
mod syntax;

use std::{path::Path, process::ExitCode};

#[expect(clippy::print_stderr, clippy::print_stdout, reason = "the program's output")]
fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let root = match arguments.as_slice() {
        [task] if task == "layers" => ".",
        [task, root] if task == "layers" => root,
        _ => {
            eprintln!("usage: cargo xtask layers [ROOT]");
            return ExitCode::from(2);
        }
    };
    match layers::check(Path::new(root)) {
        Ok(breaches) if breaches.is_empty() => {
            println!("layers: no import runs up, and no files form an import cycle");
            ExitCode::SUCCESS
        }
        Ok(breaches) => {
            for breach in &breaches {
                eprintln!("{breach}");
            }
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("layers: {error}");
            ExitCode::from(2)
        }
    }
}
