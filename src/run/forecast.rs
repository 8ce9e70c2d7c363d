//! What a run would ask of Omnisend, and how long that takes at its pace. Pure.

use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

use super::TagWay;

/// E-mails that one request about tags takes.
const TAGGED_AT_ONCE: u64 = 250;
/// Batches that one listing shows.
const LISTED_AT_ONCE: u64 = 250;
/// Requests a minute that Omnisend takes about tags, beside the brand's own limit.
const TAGS_A_MINUTE: u64 = 60;
/// The same about segments.
const SEGMENTS_A_MINUTE: u64 = 15;

/// What a run would do, and at which pace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prospect {
    /// Batches of contacts.
    pub batches: u64,
    /// Contacts to be given their tags once they are there; none where the tags go with them.
    pub to_tag: u64,
    /// Contacts to lose tags.
    pub to_untag: u64,
    /// Segments to be looked for, and made where there is none.
    pub segments: u64,
    /// Requests a minute that the connection allows.
    pub requests_per_minute: NonZeroU32,
}

/// Requests by what they are for, where none has to be repeated and nothing is refused.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// To post batches.
    pub upload: u64,
    /// To find out what became of them.
    pub settle: u64,
    /// To add tags.
    pub tag: u64,
    /// To take tags away.
    pub untag: u64,
    /// To see to segments.
    pub segment: u64,
}

impl Asked {
    /// All of them.
    pub fn all(&self) -> u64 {
        [self.upload, self.settle, self.tag, self.untag, self.segment]
            .into_iter()
            .fold(0, u64::saturating_add)
    }
}

/// What a run would send, and how long it would take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Forecast {
    /// Batches, which is requests where none has to be repeated.
    pub batches: u64,
    /// Requests by what they are for.
    #[serde(default)]
    pub requests: Asked,
    /// Requests a minute that the connection allows.
    pub requests_per_minute: NonZeroU32,
    /// How long they take at that pace, in seconds.
    pub seconds: u64,
    /// How contacts would get their tags; `None` where the run would find it out first, with a few more requests.
    #[serde(default)]
    pub tag_way: Option<TagWay>,
    /// The first contacts, as they would be sent.
    pub first_contacts: Vec<serde_json::Value>,
    /// Whether their values are masked.
    #[serde(default)]
    pub masked: bool,
}

impl Prospect {
    /// The requests that it takes.
    pub fn asks(&self) -> Asked {
        Asked {
            upload: self.batches,
            settle: settling(self.batches),
            tag: self.to_tag.div_ceil(TAGGED_AT_ONCE),
            untag: self.to_untag.div_ceil(TAGGED_AT_ONCE),
            // One to look, and one to make it.
            segment: self.segments * 2,
        }
    }

    /// How long they take: one after the other, each kind at the slower of its own pace and the brand's.
    pub fn seconds(&self) -> u64 {
        let asked = self.asks();
        let brand = u64::from(self.requests_per_minute.get());
        let at = |requests: u64, per_minute: u64| (requests * 60).div_ceil(per_minute.min(brand));
        at(asked.upload + asked.settle, brand)
            + at(asked.tag + asked.untag, TAGS_A_MINUTE)
            + at(asked.segment, SEGMENTS_A_MINUTE)
    }
}

/// The newest batch is asked for alone; then all others are listed, unless they are few.
fn settling(batches: u64) -> u64 {
    let Some(others) = batches.checked_sub(1) else { return 0 };
    let pages = others.div_ceil(LISTED_AT_ONCE);
    1 + if others > 2 * pages { pages } else { others }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn prospect(batches: u64) -> Prospect {
        let requests_per_minute = const { NonZeroU32::new(400).unwrap() };
        Prospect { batches, to_tag: 0, to_untag: 0, segments: 0, requests_per_minute }
    }

    #[test]
    fn a_million_contacts_take_25_minutes_and_a_hundredth_of_the_requests_to_settle() {
        let asked = prospect(10_000).asks();
        assert_eq!((asked.upload, asked.settle, asked.all()), (10_000, 41, 10_041));
        assert_eq!(prospect(10_000).seconds(), 1_507);
        assert_eq!([0, 1, 2, 3, 4, 251, 252].map(settling), [0, 1, 2, 3, 2, 2, 3]);
        assert_eq!(prospect(0).seconds(), 0);
    }

    #[test]
    fn tags_keep_their_own_pace_and_the_brands() {
        let tags = Prospect { to_tag: 250 * 60, to_untag: 1, ..prospect(0) };
        assert_eq!((tags.asks().tag, tags.asks().untag, tags.seconds()), (60, 1, 61));
        let slow = Prospect { requests_per_minute: NonZeroU32::new(30).unwrap(), ..tags };
        assert_eq!(slow.seconds(), 122);
        let segments = Prospect { segments: 2, ..prospect(0) };
        assert_eq!((segments.asks().segment, segments.seconds()), (4, 16));
    }

    proptest! {
        #[test]
        fn more_work_takes_no_less_time(a in 0..100_000u64, b in 0..100_000u64, more in 1..1000u64) {
            let one = Prospect { batches: a, to_untag: b, ..prospect(0) };
            let other = Prospect { batches: a + more, to_untag: b + more, ..prospect(0) };
            prop_assert!(one.seconds() <= other.seconds());
            prop_assert!(one.asks().upload + one.asks().untag <= other.asks().upload + other.asks().untag);
        }
    }
}
