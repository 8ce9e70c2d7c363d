//! How many requests a run would send, and how long that takes at its pace. Pure.

use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

use super::TagWay;

/// The most addresses in one request to add or remove tags.
const EMAILS_PER_TAG_REQUEST: u64 = 250;
/// The most batches in one listing.
const BATCHES_PER_LISTING: u64 = 250;
/// Omnisend's limit for requests about tags, which applies in addition to the brand's limit.
const TAG_REQUESTS_PER_MINUTE: u64 = 60;
/// Omnisend's limit for requests about segments, which applies in addition to the brand's limit.
const SEGMENT_REQUESTS_PER_MINUTE: u64 = 15;

/// The work of a run, and its pace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Workload {
    /// Batches of contacts.
    pub batches: u64,
    /// Contacts that get their tags in a request of their own. 0 if the tags are sent inside the batches.
    pub to_tag: u64,
    /// Contacts that lose tags.
    pub to_untag: u64,
    /// Segments to look up, and to create if they do not exist.
    pub segments: u64,
    /// The connection's request budget.
    pub requests_per_minute: NonZeroU32,
}

/// The requests that a run would send, by purpose. Retries are not included.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForecastRequests {
    /// To post batches.
    pub upload: u64,
    /// To ask for the outcome of the batches.
    pub settle: u64,
    /// To add tags.
    pub tag: u64,
    /// To remove tags.
    pub untag: u64,
    /// To look up and create segments.
    pub segment: u64,
}

impl ForecastRequests {
    /// Returns the number of all requests.
    pub fn all(&self) -> u64 {
        [self.upload, self.settle, self.tag, self.untag, self.segment]
            .into_iter()
            .fold(0, u64::saturating_add)
    }
}

/// What a run would send, and how long it would take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Forecast {
    pub batches: u64,
    #[serde(default)]
    pub requests: ForecastRequests,
    /// The connection's request budget.
    pub requests_per_minute: NonZeroU32,
    /// How long the requests take at that pace.
    pub seconds: u64,
    /// How contacts would get their tags; `None` if the run would have to find out first, with a few more requests.
    #[serde(default)]
    pub tag_way: Option<TagWay>,
    /// The first contacts, as they would be sent.
    pub first_contacts: Vec<serde_json::Value>,
    /// Whether their values are masked.
    #[serde(default)]
    pub masked: bool,
}

impl Workload {
    pub fn requests(&self) -> ForecastRequests {
        ForecastRequests {
            upload: self.batches,
            settle: requests_to_settle(self.batches),
            tag: self.to_tag.div_ceil(EMAILS_PER_TAG_REQUEST),
            untag: self.to_untag.div_ceil(EMAILS_PER_TAG_REQUEST),
            // One to look it up, and one to create it.
            segment: self.segments * 2,
        }
    }

    /// Returns how long the requests take, one after another, each kind at the lower of its own limit and the budget.
    pub fn seconds(&self) -> u64 {
        let requests = self.requests();
        let budget = u64::from(self.requests_per_minute.get());
        let at = |requests: u64, per_minute: u64| (requests * 60).div_ceil(per_minute.min(budget));
        at(requests.upload + requests.settle, budget)
            + at(requests.tag + requests.untag, TAG_REQUESTS_PER_MINUTE)
            + at(requests.segment, SEGMENT_REQUESTS_PER_MINUTE)
    }
}

/// Settling first asks only for the newest batch. Then it lists the others, or asks for each of them if they are few.
fn requests_to_settle(batches: u64) -> u64 {
    let Some(others) = batches.checked_sub(1) else { return 0 };
    let pages = others.div_ceil(BATCHES_PER_LISTING);
    1 + if others > 2 * pages { pages } else { others }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn workload(batches: u64) -> Workload {
        let requests_per_minute = const { NonZeroU32::new(400).unwrap() };
        Workload { batches, to_tag: 0, to_untag: 0, segments: 0, requests_per_minute }
    }

    #[test]
    fn a_million_contacts_take_25_minutes_and_41_requests_to_settle() {
        let requests = workload(10_000).requests();
        assert_eq!((requests.upload, requests.settle, requests.all()), (10_000, 41, 10_041));
        assert_eq!(workload(10_000).seconds(), 1_507);
        assert_eq!([0, 1, 2, 3, 4, 251, 252].map(requests_to_settle), [0, 1, 2, 3, 2, 2, 3]);
        assert_eq!(workload(0).seconds(), 0);
    }

    #[test]
    fn paces_tags_and_segments_at_the_lower_of_their_limit_and_the_budget() {
        let tags = Workload { to_tag: 250 * 60, to_untag: 1, ..workload(0) };
        assert_eq!((tags.requests().tag, tags.requests().untag, tags.seconds()), (60, 1, 61));
        let slow = Workload { requests_per_minute: NonZeroU32::new(30).unwrap(), ..tags };
        assert_eq!(slow.seconds(), 122);
        let segments = Workload { segments: 2, ..workload(0) };
        assert_eq!((segments.requests().segment, segments.seconds()), (4, 16));
    }

    proptest! {
        #[test]
        fn more_work_never_takes_less_time(a in 0..100_000u64, b in 0..100_000u64, more in 1..1000u64) {
            let one = Workload { batches: a, to_untag: b, ..workload(0) };
            let other = Workload { batches: a + more, to_untag: b + more, ..workload(0) };
            prop_assert!(one.seconds() <= other.seconds());
            prop_assert!(one.requests().upload + one.requests().untag <= other.requests().upload + other.requests().untag);
        }
    }
}
