//! The consent that a run sends, counted by contact.

use serde::{Deserialize, Serialize};

/// The consent that a run sends for one channel, counted by contact. The first four add up to all contacts of the run's
/// chunks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsentCounts {
    /// Contacts that are sent as `subscribed`.
    pub subscribed: u64,
    /// Contacts that are sent as `nonSubscribed`.
    pub non_subscribed: u64,
    /// Contacts that are sent as `unsubscribed`.
    pub unsubscribed: u64,
    /// Contacts that are sent without a status, so that they keep their status in Omnisend.
    pub untouched: u64,
    /// Of `untouched`, those whose row has a status that the export does not allow to be sent.
    pub held_back: u64,
    /// Of `untouched`, those whose row has a status without a valid date.
    pub undated: u64,
}

impl ConsentCounts {
    /// Returns the number of contacts.
    pub fn contacts(&self) -> u64 {
        self.subscribed + self.non_subscribed + self.unsubscribed + self.untouched
    }
}
