//! The people of a run, in memory while a plan reads the source: the members that the snapshot knows, the addresses met
//! so far, those in several segments, the members who left, and the opt-outs of all their rows.

mod consent;
mod known;
mod opt_outs;
mod overlap;
mod roster;
mod seen;

#[cfg(feature = "cli")]
pub(super) use self::seen::Seen;
pub(super) use self::{
    consent::Ledger,
    known::Known,
    opt_outs::{OptOut, OptOuts},
    overlap::Overlap,
    roster::{Met, Roster, Who},
};
