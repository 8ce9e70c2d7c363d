//! Guards: what stops a run before its first request. One pure decision over what the plan counted.

mod limits;
mod name;
mod said;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

pub use self::{
    limits::GuardLimits,
    name::{GuardName, UnknownGuard},
    said::stopped,
};

/// A difference of fewer contacts, or rows, than this stops no run, whatever its percentage: of ten rows, one more or
/// less is a tenth.
pub const FEW: u64 = 20;

/// Guards that one run was let through, by name.
pub type Allowed = BTreeSet<GuardName>;

/// What the plan counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Numbers {
    /// Rows that were read.
    pub read: u64,
    /// Of them, those that the export's filter leaves out: they say nothing of the others.
    pub filtered: u64,
    /// Of them, those that are no contact.
    pub invalid: u64,
    /// Contacts, each counted once, whether they are to be sent or unchanged.
    pub contacts: u64,
    /// Contacts of each segment, added up: who is in two segments counts twice, as in `last`.
    pub members: u64,
    /// Whether reading ended at `max_profiles`: the other numbers are not whole then.
    pub cut_short: bool,
    /// Contacts that each of the same segments had in the run that was settled last, added up; `None`: there is none.
    pub last: Option<u64>,
    /// Contacts that would lose a tag.
    pub removals: u64,
}

/// A guard that stops a run, with the numbers that it looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "guard")]
pub enum Guard {
    /// Nobody is in the source.
    Empty {
        /// Rows that were read.
        read: u64,
    },
    /// The source has more contacts than the export allows.
    MaxProfiles {
        /// What the export allows.
        limit: u64,
    },
    /// Too many rows are no contact.
    Rejects {
        /// Those that are none.
        invalid: u64,
        /// Rows of the segment.
        rows: u64,
        /// What the export allows, in percent.
        limit_percent: u64,
    },
    /// Far fewer contacts than last time.
    Shrink {
        /// Contacts now.
        members: u64,
        /// Contacts of the snapshot.
        last: u64,
        /// What the export allows, in percent.
        limit_percent: u64,
    },
    /// Far more contacts than last time.
    Growth {
        /// Contacts now.
        members: u64,
        /// Contacts of the snapshot.
        last: u64,
        /// How many times as many the export allows.
        limit_factor: u64,
    },
    /// Too many contacts would lose their tag.
    Removals {
        /// Those that would.
        removals: u64,
        /// Contacts of the snapshot.
        last: u64,
        /// What the export allows, in percent.
        limit_percent: u64,
    },
}

impl Guard {
    /// What it is called where somebody lets a run through it.
    pub fn name(&self) -> GuardName {
        match self {
            Self::Empty { .. } => GuardName::Empty,
            Self::MaxProfiles { .. } => GuardName::MaxProfiles,
            Self::Rejects { .. } => GuardName::Rejects,
            Self::Shrink { .. } => GuardName::Shrink,
            Self::Growth { .. } => GuardName::Growth,
            Self::Removals { .. } => GuardName::Removals,
        }
    }
}

/// The guards that stop a run: all of them, so that nobody is told of them one after another.
pub fn decide(numbers: &Numbers, limits: &GuardLimits, allowed: &Allowed) -> Vec<Guard> {
    let may = |name: GuardName| allowed.contains(&name);
    // Nothing else can be told of a source that was not read to its end.
    if numbers.cut_short {
        return vec![Guard::MaxProfiles { limit: limits.max_profiles }];
    }
    let is_empty = is_empty(numbers);
    let found = [
        is_empty.then_some(Guard::Empty { read: numbers.read }),
        (numbers.contacts > limits.max_profiles).then_some(Guard::MaxProfiles { limit: limits.max_profiles }),
        rejects(numbers, limits),
        // A segment that may be empty may be as small as that.
        shrink(numbers, limits).filter(|_| !is_empty),
        growth(numbers, limits),
        removals(numbers, limits),
    ];
    found.into_iter().flatten().filter(|guard| !may(guard.name())).collect()
}

/// Rows of which none makes a contact leave a segment empty too, where it had members.
fn is_empty(numbers: &Numbers) -> bool {
    numbers.read == 0 || (numbers.contacts == 0 && numbers.last.is_some_and(|last| last > 0))
}

fn rejects(&Numbers { read, filtered, invalid, .. }: &Numbers, limits: &GuardLimits) -> Option<Guard> {
    let limit_percent = limits.rejects_percent?;
    let rows = read.saturating_sub(filtered);
    (invalid >= FEW && is_more(invalid, limit_percent, rows)).then_some(Guard::Rejects {
        invalid,
        rows,
        limit_percent,
    })
}

fn shrink(&Numbers { members, last, .. }: &Numbers, limits: &GuardLimits) -> Option<Guard> {
    let (last, limit_percent) = (last?, limits.shrink_percent?);
    let fewer = last.saturating_sub(members);
    (fewer >= FEW && is_more(fewer, limit_percent, last)).then_some(Guard::Shrink {
        members,
        last,
        limit_percent,
    })
}

fn growth(&Numbers { members, last, .. }: &Numbers, limits: &GuardLimits) -> Option<Guard> {
    let (last, limit_factor) = (last?, limits.growth_factor?);
    // After an emptied segment every member is new: that is a beginning, and no growth.
    let more = members.saturating_sub(last);
    (last > 0 && more >= FEW && u128::from(members) > u128::from(last) * u128::from(limit_factor))
        .then_some(Guard::Growth { members, last, limit_factor })
}

fn removals(&Numbers { removals, last, .. }: &Numbers, limits: &GuardLimits) -> Option<Guard> {
    let (last, limit_percent) = (last?, limits.removals_percent?);
    // All of a small segment are few, and all the same.
    let is_everybody = removals > 0 && removals >= last;
    (is_everybody || (removals >= FEW && is_more(removals, limit_percent, last))).then_some(Guard::Removals {
        removals,
        last,
        limit_percent,
    })
}

fn is_more(part: u64, percent: u64, of: u64) -> bool {
    u128::from(part) * 100 > u128::from(percent) * u128::from(of)
}

#[cfg(test)]
mod tests;
