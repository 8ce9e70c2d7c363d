//! The record of a run that was halted because Omnisend refused its contacts.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Why a run was halted. The run is settled and reported; the export's next run sends the rest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Halted {
    /// Omnisend's code, or the HTTP status if it gave none.
    pub code: String,
    /// Omnisend's message.
    pub reason: String,
    /// How many contacts in a row were refused with this code and message; 0 if a whole request was refused.
    pub refused: u64,
    /// Requests that were sent to detect this.
    pub requests: u64,
    pub at: Timestamp,
}

impl Halted {
    /// Whether Omnisend's code or message is about the brand's subscription.
    pub fn is_subscription_limit(&self) -> bool {
        omnisend::is_subscription_limit(&self.code, &self.reason)
    }
}
