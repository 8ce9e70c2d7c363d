//! Sorts a run's changes by the members' keys. Changes that do not fit in memory go to temporary files.

use std::{
    cmp::Reverse,
    collections::BinaryHeap,
    fs::File,
    io::{self, Seek as _, SeekFrom},
};

use crate::{
    contact::EmailKey,
    run::{Member, Members, MembersWriter, Translation},
};

/// The most bytes of changes in memory.
const IN_MEMORY: usize = 32 << 20;

/// What a run changed about a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    /// Omnisend accepted the contact as the member describes it.
    Sent,
    /// The contact was sent, but was rejected or has an unknown outcome: it must be sent again.
    Doubtful,
    /// The contact lost the tags that the member has.
    Untagged,
}

impl Change {
    const ALL: [Self; 3] = [Self::Sent, Self::Doubtful, Self::Untagged];
}

/// Collects changes in any order.
pub(super) struct Sorter {
    /// One buffer for each kind of change, because a list has at most one member with a key.
    buffers: [Vec<Member>; 3],
    bytes: usize,
    in_memory: usize,
    spilled: Vec<(Change, File)>,
}

impl Sorter {
    pub(super) fn new() -> Self {
        Self::with_memory(IN_MEMORY)
    }

    fn with_memory(in_memory: usize) -> Self {
        Self { buffers: Default::default(), bytes: 0, in_memory, spilled: Vec::new() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.spilled.is_empty() && self.buffers.iter().all(Vec::is_empty)
    }

    pub(super) fn push(&mut self, change: Change, member: Member) -> io::Result<()> {
        self.bytes += member.size() + size_of::<Member>();
        if let Some(buffer) = self.buffers.get_mut(change as usize) {
            buffer.push(member);
        }
        if self.bytes < self.in_memory { Ok(()) } else { self.spill() }
    }

    /// Returns all changes, in the order of the keys.
    pub(super) fn sorted(mut self) -> io::Result<Sorted> {
        if !self.spilled.is_empty() {
            self.spill()?;
        }
        let mut sources = Vec::new();
        for (change, file) in self.spilled {
            sources.push((change, Source::File(Members::new(file)?)));
        }
        for (change, buffer) in Change::ALL.into_iter().zip(self.buffers) {
            sources.push((change, Source::Memory(in_order(buffer).into_iter())));
        }
        let mut sorted = Sorted { heads: BinaryHeap::new(), sources, waiting: Vec::new(), translation: None };
        for n in 0..sorted.sources.len() {
            sorted.waiting.push(None);
            sorted.refill(n)?;
        }
        Ok(sorted)
    }

    fn spill(&mut self) -> io::Result<()> {
        for (change, buffer) in Change::ALL.into_iter().zip(&mut self.buffers) {
            if buffer.is_empty() {
                continue;
            }
            let mut list = MembersWriter::new(tempfile::tempfile()?)?;
            for member in in_order(std::mem::take(buffer)) {
                list.push(&member)?;
            }
            let mut file = list.finish()?;
            file.seek(SeekFrom::Start(0))?;
            self.spilled.push((change, file));
        }
        self.bytes = 0;
        Ok(())
    }
}

/// Returns the members in the order of their keys, each key once. A run does not make the same change twice, but a
/// damaged chunk may contain it twice.
fn in_order(mut members: Vec<Member>) -> Vec<Member> {
    members.sort_unstable_by_key(|member| member.key().0);
    members.dedup_by_key(|member| member.key().0);
    members
}

enum Source {
    File(Members<File>),
    Memory(std::vec::IntoIter<Member>),
}

/// Changes in the order of their keys.
pub(super) struct Sorted {
    /// The next key of each source, and the source's index.
    heads: BinaryHeap<Reverse<(u128, usize)>>,
    sources: Vec<(Change, Source)>,
    /// The next member of each source.
    waiting: Vec<Option<Member>>,
    translation: Option<Translation>,
}

impl Sorted {
    /// Translates the tag sets of all members that follow.
    pub(super) fn translate(&mut self, to: &Translation) {
        self.translation = Some(to.clone());
    }

    /// Returns the key of the next change.
    pub(super) fn key(&self) -> Option<EmailKey> {
        self.heads.peek().map(|Reverse((key, _))| EmailKey(*key))
    }

    /// Returns the next change.
    pub(super) fn next(&mut self) -> io::Result<Option<(Change, Member)>> {
        let Some(Reverse((_, n))) = self.heads.pop() else { return Ok(None) };
        let change = self.sources.get(n).map(|(change, _)| *change);
        let mut member = self.waiting.get_mut(n).and_then(Option::take);
        if let (Some(member), Some(to)) = (&mut member, &self.translation) {
            member.tags = to.of(member.tags);
        }
        self.refill(n)?;
        Ok(change.zip(member))
    }

    fn refill(&mut self, n: usize) -> io::Result<()> {
        let Some((_, source)) = self.sources.get_mut(n) else { return Ok(()) };
        let next = match source {
            Source::Memory(members) => members.next(),
            Source::File(members) => {
                let mut member = Member::default();
                members.next(&mut member)?.map(|_| member)
            }
        };
        if let Some(member) = next {
            self.heads.push(Reverse((member.key().0, n)));
            if let Some(waiting) = self.waiting.get_mut(n) {
                *waiting = Some(member);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::contact::ContactHash;

    proptest! {
        #[test]
        fn returns_changes_in_the_order_of_their_keys_with_any_memory(
            changes in prop::collection::btree_set(("[a-f]{1,2}", 0_usize..3), 0..120),
            in_memory in 1_usize..4_000,
        ) {
            let mut sorter = Sorter::with_memory(in_memory);
            prop_assert!(sorter.is_empty());
            let mut expected = std::collections::BTreeMap::new();
            for (n, (email, change)) in changes.iter().enumerate() {
                let member = Member { email: email.clone(), hash: ContactHash(n as u128 + 1), ..Member::default() };
                expected.insert((member.key().0, *change), member.clone());
                sorter.push(Change::ALL[*change], member).unwrap();
            }
            let mut sorted = sorter.sorted().unwrap();
            let mut found = std::collections::BTreeMap::new();
            let mut last = None;
            while let Some(key) = sorted.key() {
                let (change, member) = sorted.next().unwrap().unwrap();
                prop_assert_eq!(member.key(), key);
                prop_assert!(last <= Some(key.0));
                last = Some(key.0);
                found.insert((key.0, change as usize), member);
            }
            prop_assert!(sorted.next().unwrap().is_none());
            prop_assert_eq!(found, expected);
        }
    }
}
