//! Why a run stopped early though nobody stopped it: Omnisend refuses whatever it would still send.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Why nothing more is sent of a run. It is settled and reported; its next run sends what was left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Halted {
    /// Omnisend's code, or the HTTP status where it gave none.
    pub code: String,
    /// What Omnisend said.
    pub reason: String,
    /// How many contacts in a row it said it of; none where it said it of a whole request.
    pub refused: u64,
    /// Requests that it took to find out.
    pub requests: u64,
    /// When.
    pub at: Timestamp,
}

impl Halted {
    /// Whether Omnisend's code or words are about the brand's plan.
    pub fn is_of_the_plan(&self) -> bool {
        omnisend::is_subscription_limit(&self.code, &self.reason)
    }
}
