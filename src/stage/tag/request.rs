//! Divides changes of tags into requests. Pure.

use std::collections::BTreeMap;

use crate::{omnisend::MAX_TAGGED, run::TagSet};

/// The same tags for at most 250 contacts, by the contacts' places among the part's lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Request {
    pub tags: TagSet,
    pub places: Vec<u32>,
}

/// The fewest requests that change the tags of all contacts. The same contacts give the same requests in the same order.
pub(super) fn requests(contacts: impl IntoIterator<Item = (u32, TagSet)>) -> Vec<Request> {
    let mut by_tags: BTreeMap<TagSet, Vec<u32>> = BTreeMap::new();
    for (place, tags) in contacts.into_iter().filter(|(_, tags)| !tags.is_empty()) {
        by_tags.entry(tags).or_default().push(place);
    }
    let cut = |(tags, places): (TagSet, Vec<u32>)| {
        let parts: Vec<Vec<u32>> = places.chunks(MAX_TAGGED).map(<[u32]>::to_vec).collect();
        parts.into_iter().map(move |places| Request { tags, places })
    };
    by_tags.into_iter().flat_map(cut).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn changes_each_contact_in_one_request_and_sends_the_fewest_requests(
            sets in prop::collection::vec(0_u32..4, 0..1_200),
        ) {
            let contacts = || (0..).zip(sets.iter().copied().map(TagSet));
            let requests = requests(contacts());
            let mut changed = BTreeMap::new();
            for Request { tags, places } in &requests {
                prop_assert!((1..=MAX_TAGGED).contains(&places.len()));
                for place in places {
                    prop_assert_eq!(changed.insert(*place, *tags), None);
                }
            }
            let expected: BTreeMap<u32, TagSet> = contacts().filter(|(_, tags)| !tags.is_empty()).collect();
            prop_assert_eq!(changed, expected);
            let fewest: usize = (1..4)
                .map(|set| sets.iter().filter(|found| **found == set).count().div_ceil(MAX_TAGGED))
                .sum();
            prop_assert_eq!(requests.len(), fewest);
        }
    }
}
