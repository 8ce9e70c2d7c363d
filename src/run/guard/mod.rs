//! Guards: checks that stop a run before its first request. One pure decision over the plan's counts.

mod decide;
mod limits;
mod name;
mod reason;
mod stop_message;

pub use self::{
    decide::{GuardNumbers, decide},
    limits::GuardLimits,
    name::{Allowed, GuardName, UnknownGuard},
    reason::Guard,
    stop_message::stop_message,
};

#[cfg(test)]
mod tests;
