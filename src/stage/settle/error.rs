//! Why a run could not be settled.

use crate::{omnisend::CallError, stage::RecordError};

/// Why a run could not be settled. What was found out until then is stored.
#[derive(Debug, thiserror::Error)]
pub enum SettleError {
    #[error(transparent)]
    Record(#[from] RecordError),
    #[error(transparent)]
    Call(#[from] CallError),
}
