//! Guards: checks that stop a run before its first request. One pure decision over the plan's counts.

mod decide;
mod limits;
mod message;
mod name;
mod reason;

pub use self::{
    decide::{GuardNumbers, decide},
    limits::GuardLimits,
    message::stop_message,
    name::{Allowed, GuardName, UnknownGuard},
    reason::Guard,
};

#[cfg(test)]
mod tests;
