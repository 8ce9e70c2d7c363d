//! The message that explains why guards stopped a run.

use super::{name::GuardName, reason::Guard};
use crate::keys::ExportName;

/// Returns why guards stopped a run, what to check, and how to allow the run once or always.
pub fn stop_message(guards: &[Guard], export: &ExportName) -> String {
    let names: Vec<GuardName> = guards.iter().map(Guard::name).collect();
    let check = match names.as_slice() {
        [GuardName::Rejects] => "the rejects",
        [GuardName::Empty, ..] => "the program that writes the source",
        _ => "the source",
    };
    let reasons = join(guards, Guard::to_string, "; ");
    let flags = join(&names, |name| format!("--allow {name}"), " ");
    let allow = join(&names, |name| format!("\"{name}\""), ", ");
    let keys: Vec<&str> = names.iter().filter_map(|name| name.key()).collect();
    let always = if keys.is_empty() {
        String::new()
    } else {
        format!("; to allow it always, set {} in the export", join(&keys, |key| format!("`{key}`"), ", "))
    };
    format!(
        "{reasons}; check {check}. If this is correct, allow it once with `omnisend-export run {export} {flags}`, or \
         with `\"allow\": [{allow}]` in the event that starts the run{always}"
    )
}

fn join<T>(items: &[T], write: impl Fn(&T) -> String, separator: &str) -> String {
    items.iter().map(write).collect::<Vec<_>>().join(separator)
}
