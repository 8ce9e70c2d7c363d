//! What happened to each row and each contact of a run. Counts that do not add up cannot be constructed, so no row and
//! no contact is lost silently.

use serde::{Deserialize, Serialize};

/// What happened to the rows that the plan read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Planned {
    /// Rows of the source, without the header.
    pub read: u64,
    /// Rows that cannot become a contact: unreadable, or without a valid email address.
    pub invalid: u64,
    /// Rows whose address appeared in an earlier row.
    pub duplicate: u64,
    /// Contacts that are the same as when they were last sent.
    pub unchanged: u64,
    /// Rows that the export's filter leaves out.
    #[serde(default)]
    pub filtered: u64,
    /// Contacts in the run's chunks.
    pub sent: u64,
}

/// What happened to the contacts in the run's chunks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settled {
    /// Contacts that Omnisend accepted.
    pub accepted: u64,
    /// Contacts that Omnisend refused with a reason.
    pub rejected: u64,
    /// Contacts without a known outcome: Omnisend did not report one by the deadline, or the run ended before they were
    /// sent.
    pub unknown: u64,
}

impl std::ops::AddAssign for Settled {
    fn add_assign(&mut self, other: Self) {
        self.accepted += other.accepted;
        self.rejected += other.rejected;
        self.unknown += other.unknown;
    }
}

/// The counts of a run. Always `read = invalid + duplicate + unchanged + filtered + sent` and
/// `sent = accepted + rejected + unknown`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "FlatCounts", into = "FlatCounts")]
pub struct Counts {
    planned: Planned,
    settled: Settled,
}

/// The counts do not add up: the code has a bug, or someone edited the state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unbalanced {
    #[error("the counts do not add up: {} rows read, but {} invalid + {} duplicate + {} unchanged + {} filtered + {} sent", .0.read, .0.invalid, .0.duplicate, .0.unchanged, .0.filtered, .0.sent)]
    Planned(Planned),
    #[error("the counts do not add up: {} contacts sent, but {} accepted + {} rejected + {} unknown", .0.sent, .1.accepted, .1.rejected, .1.unknown)]
    Settled(Planned, Settled),
}

impl Counts {
    /// Combines the counts of both sides. Fails if they do not add up.
    pub fn new(planned: Planned, settled: Settled) -> Result<Self, Unbalanced> {
        let Planned { read, invalid, duplicate, unchanged, filtered, sent } = planned;
        let Settled { accepted, rejected, unknown } = settled;
        if Some(read) != sum([invalid, duplicate, unchanged, filtered, sent]) {
            return Err(Unbalanced::Planned(planned));
        }
        if Some(sent) != sum([accepted, rejected, unknown]) {
            return Err(Unbalanced::Settled(planned, settled));
        }
        Ok(Self { planned, settled })
    }

    pub fn planned(&self) -> Planned {
        self.planned
    }

    pub fn settled(&self) -> Settled {
        self.settled
    }

    /// Whether every row was accepted, unchanged, filtered or a duplicate.
    pub fn is_clean(&self) -> bool {
        self.planned.invalid == 0 && self.settled.rejected == 0 && self.settled.unknown == 0
    }
}

fn sum<const N: usize>(parts: [u64; N]) -> Option<u64> {
    parts.into_iter().try_fold(0, u64::checked_add)
}

/// The `counts` of `report.json`: one flat object.
#[derive(Serialize, Deserialize)]
struct FlatCounts {
    #[serde(flatten)]
    planned: Planned,
    #[serde(flatten)]
    settled: Settled,
}

impl TryFrom<FlatCounts> for Counts {
    type Error = Unbalanced;

    fn try_from(flat: FlatCounts) -> Result<Self, Unbalanced> {
        Self::new(flat.planned, flat.settled)
    }
}

impl From<Counts> for FlatCounts {
    fn from(Counts { planned, settled }: Counts) -> Self {
        Self { planned, settled }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn writes_the_counts_as_one_flat_object() {
        let planned = Planned { read: 12, invalid: 1, duplicate: 2, unchanged: 3, filtered: 2, sent: 4 };
        let settled = Settled { accepted: 2, rejected: 1, unknown: 1 };
        let json = serde_json::to_string(&Counts::new(planned, settled).unwrap()).unwrap();
        assert_eq!(
            json,
            r#"{"read":12,"invalid":1,"duplicate":2,"unchanged":3,"filtered":2,"sent":4,"accepted":2,"rejected":1,"unknown":1}"#
        );
        assert!(serde_json::from_str::<Counts>(&json).is_ok());
        let error = serde_json::from_str::<Counts>(&json.replace("12", "11")).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("11 rows read, but 1 invalid + 2 duplicate + 3 unchanged + 2 filtered + 4 sent")
        );
    }

    proptest! {
        #[test]
        fn rejects_counts_that_do_not_add_up(p in any::<[u64; 6]>(), s in any::<[u64; 3]>(), fix in any::<[bool; 2]>()) {
            let small = |n: u64| n % 1000;
            let [mut read, invalid, duplicate, unchanged, filtered, mut sent] = p.map(small);
            let [accepted, rejected, unknown] = s.map(small);
            if fix[1] { sent = accepted + rejected + unknown; }
            if fix[0] { read = invalid + duplicate + unchanged + filtered + sent; }
            let adds_up = read == invalid + duplicate + unchanged + filtered + sent
                && sent == accepted + rejected + unknown;
            let planned = Planned { read, invalid, duplicate, unchanged, filtered, sent };
            prop_assert_eq!(Counts::new(planned, Settled { accepted, rejected, unknown }).is_ok(), adds_up);
        }

        #[test]
        fn rejects_counts_whose_sum_overflows(a in (u64::MAX - 10)..) {
            let planned = Planned { read: a.wrapping_mul(2), invalid: a, duplicate: a, ..Planned::default() };
            prop_assert!(Counts::new(planned, Settled::default()).is_err());
        }
    }
}
