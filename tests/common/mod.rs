//! Stand-ins that several test binaries share.

pub(crate) mod moto;
pub(crate) mod proxy;
