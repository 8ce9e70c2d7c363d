//! Divides tag changes into requests. Pure.

use std::collections::BTreeMap;

use crate::run::TagSet;
use omnisend::MAX_TAGGED;

/// A contact whose tags change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TaggedContact {
    /// The contact's place among the part's lines.
    pub place: u32,
    pub tags: TagSet,
    pub email: String,
}

/// The same tags for at most 250 contacts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Request {
    pub tags: TagSet,
    pub contacts: Vec<TaggedContact>,
}

/// Returns the fewest requests that change the tags of all contacts. The same contacts give the same requests in the
/// same order.
pub(super) fn requests(contacts: Vec<TaggedContact>) -> Vec<Request> {
    let mut by_tags: BTreeMap<TagSet, Vec<TaggedContact>> = BTreeMap::new();
    for contact in contacts.into_iter().filter(|contact| !contact.tags.is_empty()) {
        by_tags.entry(contact.tags).or_default().push(contact);
    }
    let divided = |(tags, contacts): (TagSet, Vec<TaggedContact>)| {
        let parts: Vec<Vec<TaggedContact>> = contacts.chunks(MAX_TAGGED).map(<[_]>::to_vec).collect();
        parts.into_iter().map(move |contacts| Request { tags, contacts })
    };
    by_tags.into_iter().flat_map(divided).collect()
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
            let contact = |(place, tags)| TaggedContact { place, tags, email: String::new() };
            let contacts = || (0..).zip(sets.iter().copied().map(TagSet));
            let requests = requests(contacts().map(contact).collect());
            let mut changed = BTreeMap::new();
            for Request { tags, contacts } in &requests {
                prop_assert!((1..=MAX_TAGGED).contains(&contacts.len()));
                for contact in contacts {
                    prop_assert_eq!(changed.insert(contact.place, *tags), None);
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
