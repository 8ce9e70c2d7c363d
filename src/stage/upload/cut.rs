//! Cuts contacts into batches, within the limits of contacts and bytes of a request.

use crate::run::{InlineTags, StoredContact};
use omnisend::{MAX_BATCH_BYTES, batch_body_overhead};

/// A batch before it is posted: its contacts by their place in the chunk, in ascending order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cut {
    pub places: Vec<u32>,
}

/// Cuts the contacts at `places` into batches of at most `max_contacts`, in order. The same contacts are always cut in
/// the same way.
pub(super) fn cut(
    contacts: &[StoredContact<'_>],
    tags: &InlineTags,
    max_contacts: u32,
    places: impl IntoIterator<Item = u32>,
) -> Vec<Cut> {
    let mut cuts = Vec::new();
    let (mut current, mut bytes) = (Vec::new(), batch_body_overhead());
    for place in places {
        let Some(stored) = contacts.get(place as usize) else { continue };
        let with_comma = tags.contact_len(stored.contact, stored.origin.tags) + 1;
        let full = current.len() >= max_contacts as usize || bytes + with_comma > MAX_BATCH_BYTES;
        if full && !current.is_empty() {
            cuts.push(Cut { places: std::mem::take(&mut current) });
            bytes = batch_body_overhead();
        }
        current.push(place);
        bytes += with_comma;
    }
    if !current.is_empty() {
        cuts.push(Cut { places: current });
    }
    cuts
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::value::RawValue;

    use super::*;
    use crate::{
        contact::ContactHash,
        run::{Origin, Place, TagSet},
    };
    use omnisend::batch_body;

    proptest! {
        #[test]
        fn puts_each_contact_in_one_batch_that_is_small_enough(
            most in prop_oneof![Just(1_u32), Just(100), Just(1_000)],
            sizes in prop::collection::vec(prop_oneof![9 => 2usize..300, 1 => 2usize..900_000], 0..260),
        ) {
            let raw: Vec<Box<RawValue>> = sizes
                .iter()
                .map(|size| RawValue::from_string(format!("{{\"{}\":1}}", "x".repeat(*size))).unwrap())
                .collect();
            let tags = InlineTags::of(&["segment: VIP".to_owned().try_into().unwrap()]);
            let origin = Origin {
                at: Place { object: 0, line: 1 },
                hash: ContactHash(1),
                tags: TagSet(1),
                known_tags: TagSet(0),
            };
            let contacts: Vec<StoredContact<'_>> = raw
                .iter()
                .map(|contact| StoredContact { origin, contact })
                .collect();
            let all = 0..u32::try_from(contacts.len()).unwrap();
            let cuts = cut(&contacts, &tags, most, all.clone());
            for Cut { places } in &cuts {
                prop_assert!((1..=most as usize).contains(&places.len()));
                let stored = places.iter().map(|place| &contacts[*place as usize]);
                let body = batch_body(stored, |stored, body| tags.write(stored.contact, stored.origin.tags, body));
                prop_assert!(body.len() <= MAX_BATCH_BYTES);
            }
            let cut_places: Vec<u32> = cuts.into_iter().flat_map(|cut| cut.places).collect();
            prop_assert_eq!(cut_places, all.collect::<Vec<_>>());
        }
    }
}
