//! How a stage that sends requests ends.

use super::RecordError;
use omnisend::CallError;

/// How a stage ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    Done,
    /// The stage was stopped, ran out of time, or must wait for Omnisend. Its results so far are stored: call it again.
    HandedBack,
}

/// Why a stage could not finish. Its results so far are stored.
#[derive(Debug, thiserror::Error)]
pub enum StageError {
    #[error(transparent)]
    Record(#[from] RecordError),
    #[error(transparent)]
    Call(#[from] CallError),
}
