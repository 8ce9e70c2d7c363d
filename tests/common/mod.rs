//! Stand-ins that several test binaries use.

pub(crate) mod moto;
pub(crate) mod proxy;
