//! What stops a run before its first request: `max_profiles` and `[guards]`.

use crate::run::GuardLimits;

use super::{item::Item, section::Section, words::shown};

/// More than any shop has customers; what is above is a typing mistake.
const MAX_MAX_PROFILES: u64 = 1_000_000_000;

/// The word that switches a guard off. A number that can never be reached would do it silently.
const OFF: &str = "off";

pub(super) fn max_profiles(root: &mut Section<'_>) -> Option<u64> {
    root.integer(
        "max_profiles",
        1..=MAX_MAX_PROFILES,
        GuardLimits::default().max_profiles,
        "; it is the number of profiles above which a run stops before it sends any",
    )
}

/// Reads `[guards]`; what it does not name stays as it is by default.
pub(super) fn guards(root: &mut Section<'_>) -> Option<GuardLimits> {
    let default = GuardLimits::default();
    let Some(item) = root.optional("guards") else { return Some(default) };
    let mut section = item.section()?;
    let percent = |item: Item<'_>| limit(&item, 1, 99);
    let factor = |item: Item<'_>| limit(&item, 2, 1000);
    let shrink = section.optional("shrink_percent").map_or(Some(default.shrink_percent), percent);
    let removals = section.optional("removals_percent").map_or(Some(default.removals_percent), percent);
    let rejects = section.optional("rejects_percent").map_or(Some(default.rejects_percent), percent);
    let growth = section.optional("growth_factor").map_or(Some(default.growth_factor), factor);
    section.finish();
    Some(GuardLimits {
        max_profiles: default.max_profiles,
        shrink_percent: shrink?,
        removals_percent: removals?,
        rejects_percent: rejects?,
        growth_factor: growth?,
    })
}

/// A guard's limit, or that it is off.
#[expect(clippy::option_option, reason = "a limit is refused, is off, or was read")]
fn limit(item: &Item<'_>, from: u64, to: u64) -> Option<Option<u64>> {
    match item.as_text() {
        Some(OFF) => Some(None),
        Some(text) => item.refuse(format_args!(
            "expected a whole number from {from} to {to}, or \"{OFF}\", found `{}`",
            shown(text)
        )),
        None => {
            let advice = format!("; to switch the guard off, write \"{OFF}\"");
            item.integer(from..=to, &advice).map(Some)
        }
    }
}
