//! The members of the snapshot in a compact table: the hash, tags and consent that were last sent for each.

use std::io::{self, Read};

use super::seen::Note;
use crate::{
    contact::{Channel, Channels, ContactHash, EmailKey},
    run::{Kept, Member, Members, TagSet, Translation},
};

/// Members whose keys have the same first 16 bits share a bucket.
const BUCKET_BITS: u32 = 16;

/// Bytes of a key that are kept, in addition to the bucket: 64 bits in all. With 10 million members and 10 million
/// other addresses, the probability that another address is mistaken for a member is 5 in 10^6. That address is sent,
/// and if the member has left, the member keeps its tags.
const KEY: usize = 6;

/// Bytes of a hash that are kept. A changed contact has the same bytes with a probability of 1 in 2^64.
const HASH: usize = 8;

/// The members by key, in the order of the snapshot's list. A member takes 15 bytes and 2 bits, 1 byte more for every 8
/// tags beyond the first 8, and 17 bytes more if the export maps consent. The buckets take 256 KiB.
pub(crate) struct Known {
    /// The first member of each bucket, and the number of members.
    starts: Vec<u32>,
    /// For each member [`KEY`] and [`HASH`] bytes, and its tags.
    rows: Vec<u8>,
    /// Bytes of a member's tags: as few as the run's tags need.
    tag_bytes: usize,
    /// One bit for each member: whether a row of the source became its contact.
    met: Vec<u64>,
    /// One bit for each member: whether an invalid row of the source has its address.
    staying: Vec<u64>,
    /// A note for each member, and the consent that was last sent; both are empty if the export maps no consent.
    notes: Vec<Note>,
    consent: Vec<Channels<Kept>>,
}

/// A member's position in the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MemberAt(usize);

impl Known {
    pub(crate) fn empty() -> Self {
        Self {
            starts: vec![0; (1 << BUCKET_BITS) + 1],
            rows: Vec::new(),
            tag_bytes: 1,
            met: Vec::new(),
            staying: Vec::new(),
            notes: Vec::new(),
            consent: Vec::new(),
        }
    }

    /// Reads a list of about `members` members. `translation` maps their tags to the run's `tags` tags.
    pub(crate) fn read(
        from: impl Read,
        members: u64,
        tags: usize,
        translation: &Translation,
        with_consent: bool,
    ) -> io::Result<Self> {
        let mut known = Self { tag_bytes: tags.div_ceil(8).clamp(1, 4), ..Self::empty() };
        let expected = usize::try_from(members).unwrap_or_default();
        known.rows.reserve_exact(expected.saturating_mul(known.width()));
        if with_consent {
            known.notes.reserve_exact(expected);
            known.consent.reserve_exact(expected);
        }
        let mut list = Members::new(from)?;
        let mut member = Member::default();
        let (mut count, mut bucket) = (0_u32, 0);
        while let Some(key) = list.next(&mut member)? {
            let (its_bucket, kept) = split(key);
            known.starts.iter_mut().take(its_bucket + 1).skip(bucket + 1).for_each(|start| *start = count);
            bucket = its_bucket;
            known.rows.extend(kept);
            known.rows.extend(shortened(member.hash));
            let tags = translation.of(member.tags).0.to_le_bytes();
            known.rows.extend(tags.iter().take(known.tag_bytes));
            if with_consent {
                known.notes.push(0);
                known.consent.push(member.consent);
            }
            count =
                count.checked_add(1).ok_or_else(|| io::Error::other("it has more than 4 billion members"))?;
        }
        known.starts.iter_mut().skip(bucket + 1).for_each(|start| *start = count);
        known.met = vec![0; (count as usize).div_ceil(64)];
        known.staying = vec![0; known.met.len()];
        Ok(known)
    }

    /// Returns the number of members.
    pub(super) fn len(&self) -> usize {
        self.rows.len() / self.width()
    }

    pub(super) fn find(&self, key: EmailKey) -> Option<MemberAt> {
        // In a first run, look-ups in the empty table of buckets would only miss the cache.
        if self.rows.is_empty() {
            return None;
        }
        let (bucket, kept) = split(key);
        let (mut low, mut high) =
            (*self.starts.get(bucket)? as usize, *self.starts.get(bucket + 1)? as usize);
        while low < high {
            let middle = low.midpoint(high);
            let found = self.row(MemberAt(middle)).first_chunk::<KEY>()?;
            match found.cmp(&kept) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
                std::cmp::Ordering::Equal => return Some(MemberAt(middle)),
            }
        }
        None
    }

    /// Returns the tags that a member has from this export. Empty if the address is not a member's.
    pub(crate) fn tags_of(&self, key: EmailKey) -> TagSet {
        self.find(key).map(|at| self.tags(at)).unwrap_or_default()
    }

    /// Returns all members, in the order of the list.
    pub(super) fn members(&self) -> impl Iterator<Item = MemberAt> + use<> {
        (0..self.len()).map(MemberAt)
    }

    /// Whether the member was last sent with this hash.
    pub(super) fn was_sent_as(&self, at: MemberAt, hash: ContactHash) -> bool {
        self.row(at).get(KEY..KEY + HASH) == Some(&shortened(hash))
    }

    /// Clears the hash that was last sent, so that the member counts as changed.
    pub(super) fn forget_hash(&mut self, at: MemberAt) {
        if let Some(hash) = self.row_mut(at).get_mut(KEY..KEY + HASH) {
            hash.copy_from_slice(&shortened(ContactHash::NONE));
        }
    }

    /// Returns the tags that the member has from this export, or the value of the last [`Self::set_tags`].
    pub(super) fn tags(&self, at: MemberAt) -> TagSet {
        let mut bytes = [0; 4];
        let stored = self.row(at).get(KEY + HASH..).unwrap_or_default();
        bytes.iter_mut().zip(stored).for_each(|(byte, stored)| *byte = *stored);
        TagSet(u32::from_le_bytes(bytes))
    }

    pub(super) fn set_tags(&mut self, at: MemberAt, tags: TagSet) {
        let bytes = tags.0.to_le_bytes();
        let stored = self.row_mut(at).get_mut(KEY + HASH..).unwrap_or_default();
        stored.iter_mut().zip(bytes).for_each(|(stored, byte)| *stored = byte);
    }

    /// Returns the consent that was last sent for a channel.
    pub(super) fn consent(&self, at: MemberAt, channel: Channel) -> Kept {
        self.consent.get(at.0).map(|consent| *consent.of(channel)).unwrap_or_default()
    }

    /// Records that a row became the member's contact. Returns whether an earlier row already had.
    pub(super) fn mark_met(&mut self, at: MemberAt) -> bool {
        set(&mut self.met, at)
    }

    pub(super) fn is_met(&self, at: MemberAt) -> bool {
        is_set(&self.met, at)
    }

    /// Records that an invalid row has the member's address.
    pub(super) fn mark_staying(&mut self, at: MemberAt) {
        set(&mut self.staying, at);
    }

    pub(super) fn is_staying(&self, at: MemberAt) -> bool {
        is_set(&self.staying, at)
    }

    pub(super) fn note(&self, at: MemberAt) -> Note {
        self.notes.get(at.0).copied().unwrap_or_default()
    }

    pub(super) fn set_note(&mut self, at: MemberAt, note: Note) {
        if let Some(old) = self.notes.get_mut(at.0) {
            *old = note;
        }
    }

    fn width(&self) -> usize {
        KEY + HASH + self.tag_bytes
    }

    fn row(&self, at: MemberAt) -> &[u8] {
        self.rows.get(at.0 * self.width()..(at.0 + 1) * self.width()).unwrap_or_default()
    }

    fn row_mut(&mut self, at: MemberAt) -> &mut [u8] {
        let width = self.width();
        self.rows.get_mut(at.0 * width..(at.0 + 1) * width).unwrap_or_default()
    }
}

/// Sets a member's bit. Returns whether it was set before.
fn set(bits: &mut [u64], at: MemberAt) -> bool {
    let Some(word) = bits.get_mut(at.0 / 64) else { return false };
    let bit = 1 << (at.0 % 64);
    let before = *word & bit != 0;
    *word |= bit;
    before
}

fn is_set(bits: &[u64], at: MemberAt) -> bool {
    bits.get(at.0 / 64).is_some_and(|word| word & (1 << (at.0 % 64)) != 0)
}

/// Splits a key into its bucket and the bytes that are kept. Both sort in the order of the keys.
fn split(key: EmailKey) -> (usize, [u8; KEY]) {
    let bytes = key.0.to_be_bytes();
    let mut kept = [0; KEY];
    kept.iter_mut().zip(bytes.iter().skip(2)).for_each(|(kept, byte)| *kept = *byte);
    (usize::from(u16::from_be_bytes([bytes[0], bytes[1]])), kept)
}

fn shortened(hash: ContactHash) -> [u8; HASH] {
    let mut kept = [0; HASH];
    kept.iter_mut().zip(hash.0.to_le_bytes()).for_each(|(kept, byte)| *kept = byte);
    kept
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::{
        contact::{Statement, Status},
        run::MembersWriter,
    };

    proptest! {
        #[test]
        fn knows_the_members_of_the_list(
            members in prop::collection::vec(("[a-d]{0,3}", any::<u128>(), 0_u32..1 << 20, any::<bool>()), 0..80),
            others in prop::collection::vec("[a-e]{0,3}", 0..40),
            tags in 20_usize..32,
        ) {
            let consent = Channels {
                email: Kept::from(Some(Statement { status: Status::Unsubscribed, at: None })),
                sms: Kept::NOTHING,
            };
            let members: BTreeMap<u128, Member> = members
                .into_iter()
                .map(|(email, hash, tags, _)| Member { email, hash: ContactHash(hash), tags: TagSet(tags), consent })
                .map(|member| (member.key().0, member))
                .collect();
            let all: Vec<crate::contact::Tag> =
                (0..32).map(|n| format!("t{n}").try_into().unwrap()).collect();
            let translation = Translation::new(&all, &all);
            let mut known =
                Known::read(&*MembersWriter::list(Vec::new(), members.values()), members.len() as u64, tags, &translation, true).unwrap();
            prop_assert_eq!(known.len(), members.len());
            for (at, member) in known.members().zip(members.values()) {
                prop_assert_eq!(known.find(member.key()), Some(at));
                prop_assert_eq!(known.tags(at), member.tags);
                prop_assert!(known.was_sent_as(at, member.hash));
                prop_assert!(!known.was_sent_as(at, ContactHash(member.hash.0 ^ 1)));
                prop_assert_eq!(known.consent(at, Channel::Email), consent.email);
                prop_assert!(!known.is_met(at));
                prop_assert!(!known.mark_met(at) && known.mark_met(at) && known.is_met(at));
                known.set_tags(at, TagSet(5));
                known.set_note(at, 7);
                known.forget_hash(at);
            }
            for at in known.members() {
                prop_assert_eq!((known.tags(at), known.note(at)), (TagSet(5), 7));
                prop_assert!(known.was_sent_as(at, ContactHash::NONE));
            }
            for other in others {
                let key = EmailKey::of(&other);
                prop_assert_eq!(known.find(key).is_some(), members.contains_key(&key.0));
            }
        }
    }

    #[test]
    fn an_empty_table_has_no_member() {
        let known = Known::empty();
        assert_eq!((known.len(), known.find(EmailKey::of("ada@example.com"))), (0, None));
    }
}
