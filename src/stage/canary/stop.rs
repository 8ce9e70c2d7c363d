//! Why a canary ended without a finding.

use crate::stage::RecordError;
use omnisend::CallError;

/// Why a canary ended without a finding.
pub(super) enum Stop {
    /// The contact's tags allow no conclusion, for this reason.
    Inconclusive(String),
    Call(CallError),
    Record(RecordError),
}

impl From<CallError> for Stop {
    fn from(error: CallError) -> Self {
        Self::Call(error)
    }
}

impl From<RecordError> for Stop {
    fn from(error: RecordError) -> Self {
        Self::Record(error)
    }
}
