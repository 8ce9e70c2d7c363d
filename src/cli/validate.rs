//! `validate`: every file of a state, and all that is wrong with them at once.

use std::process::ExitCode;

use super::{StateArgs, exit::Failure, output, session};
use crate::{
    config::{CompleteOn, load_all},
    ports::clock::Clock as _,
    ports::clock::SystemClock,
    run::GuardName,
};

pub(super) async fn validate(args: StateArgs) -> Result<ExitCode, Failure> {
    let objects = session::directory(&args.state)?;
    let state = load_all(&objects, SystemClock.now()).await?;
    if state.connections.is_empty() && state.exports.is_empty() {
        return Err(Failure::usage(format!(
            "{}: there is nothing to check. A state has connections/CONNECTION.toml and \
             exports/CONNECTION/EXPORT.toml; --state names another directory, and `omnisend-export export init --file \
             FILE` writes an export for a segment file",
            args.state.display()
        )));
    }
    let of = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
    output::result(&format!(
        "{} and {}: all valid",
        of(state.connections.len(), "connection"),
        of(state.exports.len(), "export")
    ));
    for (name, export) in &state.exports {
        let segments: Vec<_> = export
            .segments()
            .iter()
            .map(|segment| format!("{}{}", segment.path(), completed(segment.complete_on())))
            .collect();
        output::result(&format!(
            "  {name}: {} from {} to {}",
            export.display_name(),
            segments.join(" and "),
            export.connection()
        ));
        let off = export.guards().off();
        if !off.is_empty() {
            let off: Vec<&str> = off.into_iter().map(GuardName::as_str).collect();
            output::result(&format!("    guards that are off: {}", off.join(", ")));
        }
    }
    if state.exports.is_empty() {
        output::result("  no export uses it yet: omnisend-export export init --file FILE writes one");
    }
    Ok(ExitCode::SUCCESS)
}

/// What completes a drop, where it is not the file itself.
fn completed(on: &CompleteOn) -> String {
    match on {
        CompleteOn::Object => String::new(),
        CompleteOn::Model { table } => format!(", table {table} of {}", on.as_str()),
        other => format!(", completed by {}", other.as_str()),
    }
}
