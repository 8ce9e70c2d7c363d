//! What a run sends of consent, counted by contact.

use serde::{Deserialize, Serialize};

/// What the contacts in a run's chunks are sent of one channel's consent. The first four add up to all of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsentCounts {
    /// Contacts that are sent as `subscribed`.
    pub subscribed: u64,
    /// Contacts that are sent as `nonSubscribed`.
    pub non_subscribed: u64,
    /// Contacts that are sent as `unsubscribed`.
    pub unsubscribed: u64,
    /// Contacts whose status in Omnisend is left as it is.
    pub untouched: u64,
    /// Of `untouched`, those whose row has a status that the export does not allow to be sent.
    pub held_back: u64,
    /// Of `untouched`, those whose row has a status that is not sent without a valid date.
    pub undated: u64,
}

impl ConsentCounts {
    /// All contacts.
    pub fn contacts(&self) -> u64 {
        self.subscribed + self.non_subscribed + self.unsubscribed + self.untouched
    }
}
