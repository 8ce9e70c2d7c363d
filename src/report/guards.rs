//! What is unusual about a run's guards: those that are off, and those that it was let through.

use crate::run::{GuardName, Report};

/// A sentence; none where every guard is on and nobody asked for more.
pub(super) fn note(report: &Report) -> Option<String> {
    let names = |names: &[GuardName]| names.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(", ");
    let off = report.guards.off();
    let allowed: Vec<GuardName> = report.allowed.iter().copied().collect();
    let parts = [(off, "off in the export"), (allowed, "let through this once")];
    let parts = parts.iter().filter(|(of, _)| !of.is_empty());
    let said: Vec<String> = parts.map(|(of, what)| format!("{what}: {}", names(of))).collect();
    (!said.is_empty()).then(|| said.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{report::examples, run::GuardLimits};

    #[test]
    fn what_is_usual_is_not_said() {
        let mut report = examples::succeeded();
        assert_eq!(note(&report), None);
        report.allowed.extend([GuardName::Empty, GuardName::Shrink]);
        report.guards = GuardLimits { growth_factor: None, ..GuardLimits::default() };
        assert_eq!(note(&report).unwrap(), "off in the export: growth; let through this once: empty, shrink");
    }
}
