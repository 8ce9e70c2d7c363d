//! Why a canary has to be tried again.

use crate::{omnisend::CallError, stage::RecordError};

/// Why a canary has to be tried again. What has to be restored is stored in the findings.
#[derive(Debug, thiserror::Error)]
pub enum CanaryError {
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The deadline came, or the key cannot be read at the moment.
    #[error(transparent)]
    Call(CallError),
}
