//! What a plan keeps in memory about people while it reads the source: the members of the snapshot, the addresses so
//! far, addresses in several segments, leavers, and opt-outs.

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
    roster::{Occurrence, Person, Roster},
};
