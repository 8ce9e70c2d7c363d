//! Faults on demand: what a fault is, its text form, and which ones are active.

mod active;
mod fault;
mod text;

pub use fault::{Fault, FaultKind, InvalidFault, Timing};

pub(crate) use active::{ActiveFault, ActiveFaults, SelectedFault, total_delay};
