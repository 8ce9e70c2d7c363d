//! Which addresses a run has met already, in little memory.

use hashbrown::HashTable;

use crate::contact::EmailKey;

/// Tables grow by doubling. Many small ones, which double at slightly different times, never hold the old and
/// the new table of everything at once.
const SHARDS: usize = 256;

/// Bytes of a key that a shard keeps. With the byte that chooses the shard, 80 bits: among 10 million addresses
/// two different ones share them with a probability of 4 in 10^11.
const KEPT: usize = 9;

/// What is noted beside an address.
pub(super) type Note = u8;

#[derive(Clone, Copy)]
struct Entry {
    kept: [u8; KEPT],
    note: Note,
}

/// A set of addresses, each with a note. Takes 14 bytes an address on average: 10 million fit in 185 MiB.
pub(super) struct Seen {
    shards: Vec<HashTable<Entry>>,
}

impl Seen {
    pub(super) fn new() -> Self {
        Self { shards: (0..SHARDS).map(|_| HashTable::new()).collect() }
    }

    /// Adds an address with an empty note. Where it was there already, its note.
    pub(super) fn insert(&mut self, key: EmailKey) -> Option<Note> {
        let (kept, shard) = split(key);
        let shard = self.shards.get_mut(shard)?;
        match shard.entry(place(&kept), |there| there.kept == kept, |there| place(&there.kept)) {
            hashbrown::hash_table::Entry::Occupied(there) => Some(there.get().note),
            hashbrown::hash_table::Entry::Vacant(free) => {
                free.insert(Entry { kept, note: 0 });
                None
            }
        }
    }

    /// The note of an address, if it is there.
    pub(super) fn get(&self, key: EmailKey) -> Option<Note> {
        let (kept, shard) = split(key);
        let there = self.shards.get(shard)?.find(place(&kept), |there| there.kept == kept)?;
        Some(there.note)
    }

    /// Replaces the note of an address that is there.
    pub(super) fn note(&mut self, key: EmailKey, note: Note) {
        let (kept, shard) = split(key);
        let shard = self.shards.get_mut(shard);
        if let Some(there) = shard.and_then(|shard| shard.find_mut(place(&kept), |there| there.kept == kept))
        {
            there.note = note;
        }
    }
}

/// What is kept of a key, and its shard. The table places a key by its first bytes and the shard by its last:
/// independent bits.
fn split(key: EmailKey) -> ([u8; KEPT], usize) {
    let bytes = key.0.to_le_bytes();
    let mut kept = [0; KEPT];
    kept.copy_from_slice(bytes.split_at(KEPT).0);
    (kept, usize::from(bytes[15]))
}

fn place(kept: &[u8; KEPT]) -> u64 {
    let (first, _) = kept.split_at(8);
    first.try_into().map_or(0, u64::from_le_bytes)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_is_a_set_with_notes(addresses in prop::collection::vec(("[a-c]{0,4}", any::<u8>()), 0..200)) {
            let (mut seen, mut model) = (Seen::new(), HashMap::new());
            for (address, note) in &addresses {
                let key = EmailKey::of(address);
                prop_assert_eq!(seen.get(key), model.get(address).copied());
                prop_assert_eq!(seen.insert(key), model.insert(address, *note));
                seen.note(key, *note);
            }
        }
    }
}
