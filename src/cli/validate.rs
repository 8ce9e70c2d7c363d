//! `validate`: checks every configuration file of a state.

use std::process::ExitCode;

use super::{args::StateArgs, exit::Failure, local, output};
use crate::{
    config::{CompleteOn, load_all},
    ports::clock::{Clock as _, SystemClock},
    run::GuardName,
    wording::counted,
};

pub(super) async fn validate(args: StateArgs) -> Result<ExitCode, Failure> {
    let objects = local::directory(&args.state)?;
    let state = load_all(&objects, SystemClock.now()).await?;
    if state.connections.is_empty() && state.exports.is_empty() {
        return Err(Failure::usage(format!(
            "{}: there is nothing to check; a state directory has connections/CONNECTION.toml and \
             exports/CONNECTION/EXPORT.toml; --state names another directory, and `omnisend-export export init --file \
             FILE` writes an export for a segment file",
            args.state.display()
        )));
    }
    output::result(&format!(
        "{} and {}: all valid",
        counted(state.connections.len() as u64, "connection", "connections"),
        counted(state.exports.len() as u64, "export", "exports")
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
        output::result("  there is no export yet: omnisend-export export init --file FILE writes one");
    }
    Ok(ExitCode::SUCCESS)
}

/// Describes the object that completes a drop, unless it is the file itself.
fn completed(on: &CompleteOn) -> String {
    match on {
        CompleteOn::Object => String::new(),
        CompleteOn::Model { table } => format!(", table {table} of {}", on.as_str()),
        other => format!(", completed by {}", other.as_str()),
    }
}
