//! A note about a run's guards: those that are off, and those that the run was allowed to pass.

use crate::run::{GuardName, Report};

/// Returns the note, or `None` if every guard was on.
pub(super) fn note(report: &Report) -> Option<String> {
    let off = report.guards.off();
    let allowed: Vec<GuardName> = report.allowed.iter().copied().collect();
    let parts = [("off in the export", off), ("allowed for this run", allowed)];
    let notes: Vec<String> = parts
        .iter()
        .filter(|(_, guards)| !guards.is_empty())
        .map(|(what, guards)| {
            let names: Vec<&str> = guards.iter().map(|guard| guard.as_str()).collect();
            format!("{what}: {}", names.join(", "))
        })
        .collect();
    (!notes.is_empty()).then(|| notes.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{report::examples, run::GuardLimits};

    #[test]
    fn lists_guards_that_are_off_or_allowed() {
        let mut report = examples::succeeded();
        assert_eq!(note(&report), None);
        report.allowed.extend([GuardName::Empty, GuardName::Shrink]);
        report.guards = GuardLimits { growth_factor: None, ..GuardLimits::default() };
        assert_eq!(note(&report).unwrap(), "off in the export: growth; allowed for this run: empty, shrink");
    }
}
