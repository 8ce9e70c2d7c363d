//! The limits of an export's guards: `max_profiles` and `[guards]`.

use std::ops::RangeInclusive;

use crate::{run::GuardLimits, wording::quoted};

use super::{item::Item, section::Section};

/// More customers than any store has. A larger number is a typing mistake.
const MAX_MAX_PROFILES: u64 = 1_000_000_000;

/// The word that switches a guard off. A limit that is never reached would do the same, but nobody would notice.
const OFF: &str = "off";

pub(super) fn max_profiles(root: &mut Section<'_>) -> Option<u64> {
    root.integer(
        "max_profiles",
        1..=MAX_MAX_PROFILES,
        GuardLimits::default().max_profiles,
        "; a run with more profiles than this is stopped before it sends any",
    )
}

/// Reads `[guards]`. A missing key has its default.
pub(super) fn guards(root: &mut Section<'_>) -> Option<GuardLimits> {
    let default = GuardLimits::default();
    let Some(item) = root.optional("guards") else { return Some(default) };
    let mut section = Section::of(&item)?;
    let percent = |item: &Item<'_>| limit(item, 1..=99);
    let factor = |item: &Item<'_>| limit(item, 2..=1000);
    let shrink = section.read_or("shrink_percent", default.shrink_percent, percent);
    let removals = section.read_or("removals_percent", default.removals_percent, percent);
    let rejects = section.read_or("rejects_percent", default.rejects_percent, percent);
    let growth = section.read_or("growth_factor", default.growth_factor, factor);
    section.finish();
    Some(GuardLimits {
        max_profiles: default.max_profiles,
        shrink_percent: shrink?,
        removals_percent: removals?,
        rejects_percent: rejects?,
        growth_factor: growth?,
    })
}

/// Returns a guard's limit, or `Some(None)` if the guard is off.
#[expect(clippy::option_option, reason = "a refused limit and a guard that is off are different")]
fn limit(item: &Item<'_>, range: RangeInclusive<u64>) -> Option<Option<u64>> {
    match item.as_text() {
        Some(OFF) => Some(None),
        Some(text) => item.refuse(format_args!(
            "expected a whole number from {} to {} or \"{OFF}\", found `{}`",
            range.start(),
            range.end(),
            quoted(text)
        )),
        None => {
            let advice = format!("; to switch the guard off, write \"{OFF}\"");
            item.integer(range, &advice).map(Some)
        }
    }
}
