//! What the adapters for AWS share: failures and retries.

pub(in crate::ports) mod failure;
pub(in crate::ports) mod retry;
