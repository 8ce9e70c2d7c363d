//! AWS: the adapters of one account and region, and what they share.

mod adapters;
pub(in crate::ports) mod failure;
pub(in crate::ports) mod retry;

pub use self::adapters::Aws;
