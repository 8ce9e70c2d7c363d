//! Which guards stop a run.

use super::{limits::GuardLimits, name::Allowed, reason::Guard};

/// A smaller difference in contacts or rows never stops a run, whatever its percentage: 1 of 10 rows is already 10%.
const MIN_DIFFERENCE: u64 = 20;

/// The counts that guards compare with their limits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct GuardNumbers {
    /// Rows that were read.
    pub read: u64,
    /// Of `read`, rows that the export's filter leaves out. The share of invalid rows ignores them.
    pub filtered: u64,
    /// Of `read`, invalid rows.
    pub invalid: u64,
    /// Contacts, each counted once, whether they are sent or unchanged.
    pub contacts: u64,
    /// Contacts of each segment, added up: a contact in two segments counts twice, as in `last`.
    pub members: u64,
    /// Whether reading stopped at `max_profiles`. The other numbers are incomplete then.
    pub cut_short: bool,
    /// Contacts of the same segments in the last settled run, added up; `None` if no run is settled.
    pub last: Option<u64>,
    /// Contacts that would lose a tag.
    pub removals: u64,
}

/// Returns all guards that stop a run, so that a person sees all of them at once.
pub fn decide(numbers: &GuardNumbers, limits: &GuardLimits, allowed: &Allowed) -> Vec<Guard> {
    // The other guards would compare incomplete numbers.
    if numbers.cut_short {
        return vec![Guard::MaxProfiles { limit: limits.max_profiles }];
    }
    let is_empty = is_empty(numbers);
    let guards = [
        is_empty.then_some(Guard::Empty { read: numbers.read }),
        (numbers.contacts > limits.max_profiles).then_some(Guard::MaxProfiles { limit: limits.max_profiles }),
        rejects(numbers, limits),
        // Allowing an empty segment implies allowing it to shrink.
        shrink(numbers, limits).filter(|_| !is_empty),
        growth(numbers, limits),
        removals(numbers, limits),
    ];
    guards.into_iter().flatten().filter(|guard| !allowed.contains(&guard.name())).collect()
}

/// Whether the source has no rows, or no contacts although the segment had members.
fn is_empty(numbers: &GuardNumbers) -> bool {
    numbers.read == 0 || (numbers.contacts == 0 && numbers.last.is_some_and(|last| last > 0))
}

fn rejects(
    &GuardNumbers { read, filtered, invalid, .. }: &GuardNumbers,
    limits: &GuardLimits,
) -> Option<Guard> {
    let limit_percent = limits.rejects_percent?;
    let rows = read.saturating_sub(filtered);
    (invalid >= MIN_DIFFERENCE && exceeds(invalid, limit_percent, rows)).then_some(Guard::Rejects {
        invalid,
        rows,
        limit_percent,
    })
}

fn shrink(&GuardNumbers { members, last, .. }: &GuardNumbers, limits: &GuardLimits) -> Option<Guard> {
    let (last, limit_percent) = (last?, limits.shrink_percent?);
    let fewer = last.saturating_sub(members);
    (fewer >= MIN_DIFFERENCE && exceeds(fewer, limit_percent, last)).then_some(Guard::Shrink {
        members,
        last,
        limit_percent,
    })
}

fn growth(&GuardNumbers { members, last, .. }: &GuardNumbers, limits: &GuardLimits) -> Option<Guard> {
    let (last, limit_factor) = (last?, limits.growth_factor?);
    // Every member of a formerly empty segment is new; that is not growth.
    let more = members.saturating_sub(last);
    (last > 0 && more >= MIN_DIFFERENCE && u128::from(members) > u128::from(last) * u128::from(limit_factor))
        .then_some(Guard::Growth { members, last, limit_factor })
}

fn removals(&GuardNumbers { removals, last, .. }: &GuardNumbers, limits: &GuardLimits) -> Option<Guard> {
    let (last, limit_percent) = (last?, limits.removals_percent?);
    // Losing every member is too much even in a segment with fewer than `MIN_DIFFERENCE` of them.
    let is_everyone = removals > 0 && removals >= last;
    (is_everyone || (removals >= MIN_DIFFERENCE && exceeds(removals, limit_percent, last)))
        .then_some(Guard::Removals { removals, last, limit_percent })
}

/// Whether `part` is more than `percent` of `whole`.
fn exceeds(part: u64, percent: u64, whole: u64) -> bool {
    u128::from(part) * 100 > u128::from(percent) * u128::from(whole)
}
