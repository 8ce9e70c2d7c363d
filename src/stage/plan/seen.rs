//! Which addresses a run has met already, in little memory.

use hashbrown::HashTable;

use crate::contact::EmailKey;

/// Tables grow by doubling. Many small ones, which double at slightly different times, never hold the old and
/// the new table of everything at once.
const SHARDS: usize = 256;

/// Bytes of a key that a shard keeps. With the byte that chooses the shard, 88 bits: among 10 million addresses
/// two different ones share them with a probability of 2 in 10^13.
const KEPT: usize = 10;

/// A set of addresses. Takes 14 bytes an address on average: 10 million fit in 185 MiB.
pub(super) struct Seen {
    shards: Vec<HashTable<[u8; KEPT]>>,
}

impl Seen {
    pub(super) fn new() -> Self {
        Self { shards: (0..SHARDS).map(|_| HashTable::new()).collect() }
    }

    /// Adds an address. False where it was there already.
    pub(super) fn insert(&mut self, key: EmailKey) -> bool {
        let bytes = key.0.to_le_bytes();
        let mut kept = [0; KEPT];
        kept.copy_from_slice(bytes.split_at(KEPT).0);
        // The table places a key by its first bytes and the shard by its last: independent bits.
        let Some(shard) = self.shards.get_mut(usize::from(bytes[15])) else { return true };
        let entry = shard.entry(place(&kept), |there| *there == kept, place);
        match entry {
            hashbrown::hash_table::Entry::Occupied(_) => false,
            hashbrown::hash_table::Entry::Vacant(free) => {
                free.insert(kept);
                true
            }
        }
    }
}

fn place(kept: &[u8; KEPT]) -> u64 {
    let (first, _) = kept.split_at(8);
    first.try_into().map_or(0, u64::from_le_bytes)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;
    use xxhash_rust::xxh3::xxh3_128;

    use super::*;

    proptest! {
        #[test]
        fn it_is_a_set(addresses in prop::collection::vec("[a-c]{0,4}", 0..200)) {
            let (mut seen, mut model) = (Seen::new(), HashSet::new());
            for address in &addresses {
                prop_assert_eq!(seen.insert(EmailKey(xxh3_128(address.as_bytes()))), model.insert(address));
            }
        }
    }
}
